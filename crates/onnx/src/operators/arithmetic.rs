//! Sums, products and quotients, number by number.

use super::gelu;
use crate::error::Refusal;
use crate::importer::{Call, Importer, Operand};
use crate::program::{Convolution, Flow, Function, Operation};
use crate::stored::Numbers;
use crate::tensor::{Data, Tensor, common_shape};

/// The largest number of channels whose constants stay constants. More of them become parameters.
const MOST_CONSTANTS: usize = 16;

/// `Add`, and `Sub` with `sign` −1.
pub(super) fn add(importer: &mut Importer<'_>, call: &Call<'_>, sign: f64) -> Result<Flow, Refusal> {
    match (call.input(0)?, call.input(1)?) {
        (Operand::Flow(x), Operand::Constant(tensor)) => {
            let tensor = mapped(tensor, |number| sign * number)?;
            add_constant(importer, x, &tensor, call.constant_name(1))
        }
        (Operand::Constant(tensor), Operand::Flow(x)) => {
            let x = if sign == 1.0 { x.clone() } else { scaled(importer, x, sign)? };
            add_constant(importer, &x, tensor, call.constant_name(0))
        }
        _ => {
            let (a, b) = (importer.as_flow(call, 0)?, importer.as_flow(call, 1)?);
            let b = if sign == 1.0 { b } else { scaled(importer, &b, sign)? };
            of_two(importer, Operation::Add, &a, &b)
        }
    }
}

/// `Mul`.
pub(super) fn multiply(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    match (call.input(0)?, call.input(1)?) {
        (Operand::Flow(x), Operand::Constant(tensor)) => multiply_constant(importer, x, tensor, &call.name(1)),
        (Operand::Constant(tensor), Operand::Flow(x)) => multiply_constant(importer, x, tensor, &call.name(0)),
        _ => {
            let (a, b) = (importer.as_flow(call, 0)?, importer.as_flow(call, 1)?);
            product(importer, &a, &b)
        }
    }
}

/// `Div`.
pub(super) fn divide(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    match (call.input(0)?, call.input(1)?) {
        (Operand::Flow(x), Operand::Constant(tensor)) => {
            if tensor.to_floats().contains(&0.0) {
                return Err(Refusal::new("a division by zero", "another number"));
            }
            // One factor is divided in double precision, so that the quotient keeps its digits.
            match tensor.scalar() {
                Some(number) => scaled(importer, x, 1.0 / number),
                None => {
                    let inverse = mapped(tensor, |number| 1.0 / number)?;
                    multiply_constant(importer, x, &inverse, &call.name(1))
                }
            }
        }
        (Operand::Constant(tensor), Operand::Flow(x)) => {
            let inverse = importer.elementwise(Operation::Function(Function::Reciprocal), x)?;
            multiply_constant(importer, &inverse, tensor, &call.name(0))
        }
        _ => {
            let (a, b) = (importer.as_flow(call, 0)?, importer.as_flow(call, 1)?);
            let b = importer.elementwise(Operation::Function(Function::Reciprocal), &b)?;
            of_two(importer, Operation::Multiply, &a, &b)
        }
    }
}

/// A constant with a function of every number.
fn mapped(tensor: &Tensor, function: impl Fn(f64) -> f64) -> Result<Tensor, Refusal> {
    let numbers = tensor.to_doubles().into_iter().map(|number| function(number) as f32).collect();
    Tensor::new(tensor.shape.clone(), Data::Float(numbers))
}

/// A value times a number.
pub(super) fn scaled(importer: &mut Importer<'_>, x: &Flow, factor: f64) -> Result<Flow, Refusal> {
    affine(importer, x, factor, 0.0)
}

/// `factor · x + shift`.
pub(super) fn affine(importer: &mut Importer<'_>, x: &Flow, factor: f64, shift: f64) -> Result<Flow, Refusal> {
    if !(factor as f32).is_finite() || !(shift as f32).is_finite() {
        return Err(Refusal::new("an infinite constant", "a finite one"));
    }
    if (factor, shift) == (1.0, 0.0) {
        return Ok(x.clone());
    }
    importer.elementwise(Operation::Affine { scale: vec![factor], shift: vec![shift] }, x)
}

/// Factors or shifts of the last stored axes, which are one axis from `first` on.
pub(super) fn of_channels(
    importer: &mut Importer<'_>,
    x: &Flow,
    first: usize,
    scale: Vec<f64>,
    shift: Vec<f64>,
    name: &str,
) -> Result<Flow, Refusal> {
    let sizes = &x.view.sizes;
    let channels = scale.len();
    let array = importer.program.array(x)?;
    let kept = sizes.get(..first).unwrap_or(&[]).to_vec();
    let step = if channels <= MOST_CONSTANTS {
        let shape = [&kept[..], &[channels]].concat();
        let step = importer.program.shaped(array, &shape)?;
        importer.program.push(Operation::Affine { scale, shift }, &[step], &shape, "")?
    } else {
        let places = kept.iter().product();
        let shape = [places, 1, channels];
        let step = importer.program.shaped(array, &shape)?;
        let single = |numbers: Vec<f64>| -> Vec<f32> { numbers.into_iter().map(|x| x as f32).collect() };
        let bias = shift.iter().any(|&x| x != 0.0).then(|| single(shift));
        let convolution = Convolution {
            features: channels,
            kernel: [1; 2],
            stride: [1; 2],
            padding: [[0; 2]; 2],
            dilation: [1; 2],
            groups: channels,
            weights: single(scale),
            bias,
        };
        let name = importer.program.unique(name, "scale");
        importer.program.push(Operation::Convolution(convolution), &[step], &shape, &name)?
    };
    Ok(Flow { step, view: x.view.clone() })
}

/// A value in the shape that it and a constant have together, and the constant's numbers.
fn together(importer: &mut Importer<'_>, x: &Flow, tensor: &Tensor) -> Result<(Flow, Numbers), Refusal> {
    let shape = common_shape(&x.view.shape(), &tensor.shape)?;
    let x = importer.program.broadcast(x, &shape)?;
    let numbers = Numbers::of(tensor, &x.view, |count| importer.program.copy(count))?;
    Ok((x, numbers))
}

/// A value plus a constant with this name.
fn add_constant(importer: &mut Importer<'_>, x: &Flow, tensor: &Tensor, name: &str) -> Result<Flow, Refusal> {
    let before = x.step;
    let (x, numbers) = together(importer, x, tensor)?;
    match numbers {
        Numbers::One(number) => affine(importer, &x, 1.0, number),
        Numbers::Channels { numbers, .. } | Numbers::Each(numbers)
            if x.step == before && !importer.shared.contains(&x.step) && takes_bias(importer, &x, numbers.len()) =>
        {
            set_bias(importer, x.step, numbers);
            Ok(x)
        }
        Numbers::Channels { first, numbers } if numbers.len() <= MOST_CONSTANTS => {
            let shift: Vec<f64> = numbers.iter().map(|&x| f64::from(x)).collect();
            of_channels(importer, &x, first, vec![1.0; shift.len()], shift, "")
        }
        Numbers::Channels { first, numbers } => {
            let kept = first.min(x.view.sizes.len());
            let mut shape = vec![1; kept];
            shape.extend(&x.view.sizes[kept..]);
            let step = importer.program.embedded(numbers, &shape, name)?;
            let step = importer.program.push(Operation::Broadcast, &[step], &x.view.sizes, "")?;
            let array = importer.program.array(&x)?;
            let step = importer.program.push(Operation::Add, &[array, step], &x.view.sizes, "")?;
            Ok(Flow { step, view: x.view })
        }
        Numbers::Each(numbers) => with_each(importer, Operation::Add, x, numbers, name),
    }
}

/// Whether a value is the output of a layer without biases that can have this many.
fn takes_bias(importer: &Importer<'_>, x: &Flow, count: usize) -> bool {
    let Some(step) = importer.program.step(x.step) else { return false };
    let free = match &step.operation {
        Operation::Dense { bias: None, .. } => true,
        Operation::Convolution(convolution) => convolution.bias.is_none(),
        _ => false,
    };
    free && step.shape.last() == Some(&count) && (x.view.sizes.last() == Some(&count) || count == 1)
}

fn set_bias(importer: &mut Importer<'_>, step: usize, numbers: Vec<f32>) {
    match importer.program.steps.get_mut(step).map(|step| &mut step.operation) {
        Some(Operation::Dense { bias, .. }) => *bias = Some(numbers),
        Some(Operation::Convolution(convolution)) => convolution.bias = Some(numbers),
        _ => {}
    }
}

/// A value times a constant.
fn multiply_constant(importer: &mut Importer<'_>, x: &Flow, tensor: &Tensor, name: &str) -> Result<Flow, Refusal> {
    let (x, numbers) = together(importer, x, tensor)?;
    match numbers {
        Numbers::One(number) => {
            let y = scaled(importer, &x, number)?;
            gelu::recognised(importer, y)
        }
        Numbers::Channels { first, numbers } => {
            let scale: Vec<f64> = numbers.iter().map(|&x| f64::from(x)).collect();
            let shift = vec![0.0; scale.len()];
            of_channels(importer, &x, first, scale, shift, name)
        }
        Numbers::Each(numbers) => with_each(importer, Operation::Multiply, x, numbers, name),
    }
}

/// A value and a number for each of its entries.
fn with_each(
    importer: &mut Importer<'_>,
    operation: Operation,
    x: Flow,
    numbers: Vec<f32>,
    name: &str,
) -> Result<Flow, Refusal> {
    let array = importer.program.array(&x)?;
    let shape = x.view.array_shape();
    let constant = importer.program.embedded(numbers, &shape, name)?;
    let step = importer.program.push(operation, &[array, constant], &shape, "")?;
    Ok(Flow { step, view: x.view })
}

/// The product of two values.
fn product(importer: &mut Importer<'_>, a: &Flow, b: &Flow) -> Result<Flow, Refusal> {
    for (x, gate) in [(a, b), (b, a)] {
        let step = importer.program.step(gate.step);
        if step.is_some_and(|step| step.operation == Operation::Function(Function::Sigmoid) && step.inputs == [x.step])
            && x.view == gate.view
        {
            return importer.elementwise(Operation::Function(Function::Silu), x);
        }
    }
    let y = of_two(importer, Operation::Multiply, a, b)?;
    gelu::recognised(importer, y)
}

/// A sum or product of two values, with copies where one has an axis of size 1.
fn of_two(importer: &mut Importer<'_>, operation: Operation, a: &Flow, b: &Flow) -> Result<Flow, Refusal> {
    let shape = common_shape(&a.view.shape(), &b.view.shape())?;
    let (lead, other) =
        if a.view.with_rank(shape.len()).shape() == shape || b.view.with_rank(shape.len()).shape() != shape {
            (a, b)
        } else {
            (b, a)
        };
    let lead = importer.program.broadcast(lead, &shape)?;
    let array = importer.program.array(&lead)?;
    let other = importer.program.matched(other, &lead.view)?;
    let shape = lead.view.array_shape();
    let step = importer.program.push(operation, &[array, other], &shape, "")?;
    Ok(Flow { step, view: lead.view })
}
