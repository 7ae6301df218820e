//! Matrix products.

use crate::error::Refusal;
use crate::importer::{Call, Importer, Operand};
use crate::program::{Flow, Operation};
use crate::tensor::{Tensor, common_shape, transposed};
use crate::view::View;

/// `Gemm`.
pub(super) fn gemm(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    call.node.only("transA", 0)?;
    let x = call.flow(0)?;
    let weights = call.required(1)?;
    let (&[rows, columns], 2) = (&weights.shape[..], x.view.rank()) else {
        let found = format!("inputs of shapes {:?} and {:?}", x.view.shape(), weights.shape);
        return Err(Refusal::new(found, "two matrices"));
    };
    let alpha = call.node.float("alpha", 1.0);
    let beta = call.node.float("beta", 1.0);
    let scaled = |numbers: Vec<f32>, by: f64| -> Vec<f32> {
        if by == 1.0 { numbers } else { numbers.iter().map(|&x| (f64::from(x) * by) as f32).collect() }
    };
    let numbers = scaled(weights.to_floats(), alpha);
    let (inputs, outputs, numbers) = if call.node.int("transB", 0) != 0 {
        (columns, rows, transposed(&numbers, &[rows, columns], &[1, 0]))
    } else {
        (rows, columns, numbers)
    };
    let bias = match call.constant(2)? {
        None => None,
        Some(bias) => Some(scaled(bias.broadcast(&[1, outputs])?.to_floats(), beta)),
    };
    dense(importer, x, &Weights { numbers, inputs, outputs, bias, name: call.name(1) })
}

/// A matrix (in, out) and biases.
struct Weights {
    numbers: Vec<f32>,
    inputs: usize,
    outputs: usize,
    bias: Option<Vec<f32>>,
    name: String,
}

/// A dense layer on the last axis of a value.
fn dense(importer: &mut Importer<'_>, x: &Flow, weights: &Weights) -> Result<Flow, Refusal> {
    let &Weights { ref numbers, inputs, outputs, ref bias, ref name } = weights;
    let last = x.view.rank().checked_sub(1).ok_or_else(|| Refusal::new("an input without axes", "an axis"))?;
    if x.view.axis_size(last) != inputs || inputs == 0 || outputs == 0 {
        let found = format!("weights ({inputs}, {outputs}) for an input of shape {:?}", x.view.shape());
        return Err(Refusal::new(found, "as many rows as the last axis has entries"));
    }
    let summed = x.view.stored(last).to_vec();
    let mut others: Vec<usize> = (0..x.view.sizes.len()).filter(|axis| !summed.contains(axis)).collect();
    // The weights follow the order of the stored axes, so that none has to move if these are the last ones.
    let mut order = summed.clone();
    order.sort_unstable();
    let places: Vec<usize> = order.iter().filter_map(|axis| summed.iter().position(|other| other == axis)).collect();
    let shape: Vec<usize> = summed.iter().map(|&axis| x.view.sizes[axis]).chain([outputs]).collect();
    let axes: Vec<usize> = places.into_iter().chain([summed.len()]).collect();
    let numbers = transposed(numbers, &shape, &axes);
    let kept: Vec<usize> = others.iter().map(|&axis| x.view.sizes[axis]).collect();
    others.extend(order);
    let step = importer.program.reordered(x, &others)?;
    let step = importer.program.shaped(step, &[&kept[..], &[inputs]].concat())?;
    let output = [&kept[..], &[outputs]].concat();
    let name = importer.program.unique(name, "dense");
    let operation = Operation::Dense { weights: numbers, bias: bias.clone() };
    let step = importer.program.push(operation, &[step], &output, &name)?;
    let mut view = x.view.without(&summed);
    if outputs > 1 {
        view.sizes.push(outputs);
        let place = view.sizes.len() - 1;
        if let Some(axis) = view.axes.get_mut(last) {
            axis.push(place);
        }
    }
    Ok(Flow { step, view })
}

/// `MatMul`.
pub(super) fn matmul(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    match (call.input(0)?, call.input(1)?) {
        (Operand::Flow(x), Operand::Constant(weights)) if is_matrix(weights) => {
            let [inputs, outputs] = matrix(weights)?;
            let (numbers, name) = (weights.to_floats(), call.name(1));
            dense(importer, x, &Weights { numbers, inputs, outputs, bias: None, name })
        }
        // W x is (xᵀ Wᵀ)ᵀ.
        (Operand::Constant(weights), Operand::Flow(x))
            if is_matrix(weights) && (x.view.rank() >= 2 || weights.shape.len() == 2) =>
        {
            let [outputs, inputs] = matrix(weights)?;
            let numbers = transposed(&weights.to_floats(), &[outputs, inputs], &[1, 0]);
            if x.view.rank() == 1 {
                return dense(importer, x, &Weights { numbers, inputs, outputs, bias: None, name: call.name(0) });
            }
            let swapped = swapped(x);
            let y = dense(importer, &swapped, &Weights { numbers, inputs, outputs, bias: None, name: call.name(0) })?;
            Ok(self::swapped(&y))
        }
        _ => {
            let (a, b) = (importer.as_flow(call, 0)?, importer.as_flow(call, 1)?);
            product(importer, &a, &b)
        }
    }
}

/// Whether a constant is one matrix.
fn is_matrix(tensor: &Tensor) -> bool {
    let lead = tensor.shape.len().saturating_sub(2);
    tensor.shape.len() >= 2 && tensor.shape.iter().take(lead).all(|&size| size == 1)
}

fn matrix(tensor: &Tensor) -> Result<[usize; 2], Refusal> {
    match tensor.shape[..] {
        [.., rows, columns] => Ok([rows, columns]),
        _ => Err(Refusal::new(format!("weights of shape {:?}", tensor.shape), "a matrix")),
    }
}

/// A value with its last two axes exchanged.
fn swapped(flow: &Flow) -> Flow {
    let rank = flow.view.rank();
    let mut axes: Vec<usize> = (0..rank).collect();
    if rank >= 2 {
        axes.swap(rank - 1, rank - 2);
    }
    Flow { step: flow.step, view: flow.view.transposed(&axes) }
}

/// The product of two values.
fn product(importer: &mut Importer<'_>, a: &Flow, b: &Flow) -> Result<Flow, Refusal> {
    let (shape_a, shape_b) = (a.view.shape(), b.view.shape());
    let (Some((lead_a, [rows, inner])), Some((lead_b, [inner_b, columns]))) =
        (shape_a.split_last_chunk(), shape_b.split_last_chunk())
    else {
        return Err(Refusal::new(format!("inputs of shapes {shape_a:?} and {shape_b:?}"), "at least two axes each"));
    };
    if inner != inner_b {
        return Err(Refusal::new(
            format!("inputs of shapes {shape_a:?} and {shape_b:?}"),
            "shapes (…, m, k) and (…, k, n)",
        ));
    }
    let lead = common_shape(lead_a, lead_b)?;
    let axes: Vec<usize> = (0..lead.len()).collect();
    let (one, two) = (lead.len(), lead.len() + 1);
    let a = importer.program.broadcast(a, &[&lead[..], &[*rows, *inner]].concat())?;
    let b = importer.program.broadcast(b, &[&lead[..], &[*inner, *columns]].concat())?;
    let a = importer.program.arranged(&a, &[&axes, &[one], &[two]])?;
    let b = importer.program.arranged(&b, &[&axes, &[one], &[two]])?;
    let batch = lead.iter().product();
    let step = importer.program.push(Operation::Matmul, &[a, b], &[batch, *rows, *columns], "")?;
    Ok(Flow { step, view: View::ordered(&[&lead[..], &[*rows, *columns]].concat()) })
}
