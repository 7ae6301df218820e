//! Constants in another shape or order.

use super::budget::Budget;
use super::inputs::Inputs;
use crate::decode;
use crate::error::Refusal;
use crate::node::{Node, axes, axis};
use crate::spans::Span;
use crate::tensor::{Data, Tensor, transposed_places};
use std::sync::Arc;

/// `ConstantOfShape`.
pub(super) fn filled(node: Node<'_>, shape: Vec<usize>) -> Result<Arc<Tensor>, Refusal> {
    let mut alone = |location: &str| Err(Refusal::new(format!("weights in {location}"), "a number within the node"));
    let value = node.tensor("value").map(|tensor| decode::tensor(tensor, &mut alone)).transpose()?;
    let count = shape.iter().product();
    match value.as_ref().map(|value| &value.data) {
        None => Tensor::floats(shape, vec![0.0; count]),
        Some(Data::Float(numbers)) if numbers.len() == 1 => Tensor::floats(shape, vec![numbers[0]; count]),
        Some(Data::Int(numbers)) if numbers.len() == 1 => Tensor::ints(shape, vec![numbers[0]; count]),
        Some(_) => Err(Refusal::new("a value of several numbers", "one number")),
    }
}

/// `Range`.
pub(super) fn range(inputs: &Inputs<'_>, budget: &mut Budget) -> Result<Arc<Tensor>, Refusal> {
    let of = |place: usize| inputs.required(place);
    let scalar = |tensor: &Tensor| tensor.scalar().ok_or_else(|| Refusal::new("several numbers", "one number"));
    let (start, end, step) = (scalar(of(0)?)?, scalar(of(1)?)?, scalar(of(2)?)?);
    let count = ((end - start) / step).ceil();
    if !count.is_finite() || count > f64::from(1 << 20) {
        return Err(Refusal::new(format!("{count} numbers"), "at most 1048576"));
    }
    let count = count.max(0.0) as usize;
    budget.take(&[count])?;
    let number = |k: usize| start + k as f64 * step;
    match of(0)?.data {
        Data::Int(_) => Ok(Tensor::vector((0..count).map(|k| number(k) as i64).collect())),
        Data::Float(_) => Tensor::floats(vec![count], (0..count).map(|k| number(k) as f32).collect()),
    }
}

/// `Tile`.
pub(super) fn tiled(inputs: &Inputs<'_>, budget: &mut Budget) -> Result<Arc<Tensor>, Refusal> {
    let tensor = inputs.required(0)?;
    let repeats = decode::sizes(inputs.required(1)?.to_ints()?)?;
    if repeats.len() != tensor.shape.len() {
        return Err(Refusal::new(
            format!("repeats {repeats:?} of shape {:?}", tensor.shape),
            "one number for each axis",
        ));
    }
    let pairs: Vec<usize> = repeats.iter().zip(&tensor.shape).flat_map(|(&repeat, &size)| [repeat, size]).collect();
    budget.take(&pairs)?;
    let single = tensor.shape.iter().flat_map(|&size| [1, size]).collect();
    let copies = tensor.reshaped(single)?.broadcast(&pairs)?;
    let shape = repeats.iter().zip(&tensor.shape).map(|(&repeat, &size)| repeat * size).collect();
    copies.reshaped(shape).map(Arc::new)
}

/// Arrays side by side.
pub(super) fn joined(tensors: &[&Arc<Tensor>], over: i64, budget: &mut Budget) -> Result<Arc<Tensor>, Refusal> {
    let shapes: Vec<&[usize]> = tensors.iter().map(|tensor| &tensor.shape[..]).collect();
    let refused =
        || Refusal::new(format!("inputs of shapes {shapes:?}"), "shapes and types that differ in one axis only");
    let first = tensors.first().ok_or_else(refused)?;
    let over = axis(over, first.shape.len())?;
    let others = |shape: &[usize]| -> Vec<usize> {
        shape.iter().enumerate().filter(|(axis, _)| *axis != over).map(|(_, &size)| size).collect()
    };
    let fits = |tensor: &&Arc<Tensor>| {
        tensor.shape.len() == first.shape.len() && others(&tensor.shape) == others(&first.shape)
    };
    if !tensors.iter().all(fits) {
        return Err(refused());
    }
    let mut shape = first.shape.clone();
    shape[over] = tensors.iter().map(|tensor| tensor.shape[over]).sum();
    budget.take(&shape)?;
    // With the axis first, the arrays follow one another.
    let axes_first: Vec<usize> = std::iter::once(over).chain((0..shape.len()).filter(|&axis| axis != over)).collect();
    let mut floats = Vec::new();
    let mut ints = Vec::new();
    for tensor in tensors {
        match tensor.transposed(&axes_first)?.data {
            Data::Float(numbers) => floats.extend(numbers),
            Data::Int(numbers) => ints.extend(numbers),
        }
    }
    let data = match (floats.is_empty(), ints.is_empty()) {
        (false, true) => Data::Float(floats),
        (true, _) => Data::Int(ints),
        _ => return Err(refused()),
    };
    let stacked: Vec<usize> = axes_first.iter().map(|&axis| shape[axis]).collect();
    let back: Vec<usize> =
        (0..shape.len()).map(|axis| axes_first.iter().position(|&other| other == axis).unwrap_or(0)).collect();
    Tensor::new(stacked, data)?.transposed(&back).map(Arc::new)
}

/// `Gather`.
pub(super) fn gathered(inputs: &Inputs<'_>, over: i64, budget: &mut Budget) -> Result<Arc<Tensor>, Refusal> {
    let (tensor, indices) = (inputs.required(0)?, inputs.required(1)?);
    let over = axis(over, tensor.shape.len())?;
    let size = tensor.shape[over];
    let places = axes(indices.to_ints()?, size)?;
    let (lead, rest) = (&tensor.shape[..over], &tensor.shape[over + 1..]);
    let shape = [lead, &indices.shape[..], rest].concat();
    budget.take(&shape)?;
    let rest: usize = rest.iter().product();
    let rows = lead.iter().product::<usize>();
    let from = (0..rows)
        .flat_map(|row| places.iter().flat_map(move |&place| (0..rest).map(move |k| (row * size + place) * rest + k)));
    tensor.picked(shape, &from.collect::<Vec<_>>()).map(Arc::new)
}

/// Entries of an axis at equal distances.
pub(super) fn taken(tensor: &Tensor, axis: usize, span: Span) -> Result<Tensor, Refusal> {
    let (lead, size, rest) = tensor.around(axis)?;
    let from = (0..lead)
        .flat_map(|row| span.indices().flat_map(move |place| (0..rest).map(move |k| (row * size + place) * rest + k)));
    let mut shape = tensor.shape.clone();
    shape[axis] = span.count;
    tensor.picked(shape, &from.collect::<Vec<_>>())
}

/// `ReduceProd`, `ReduceSum` and `ReduceMean`.
pub(super) fn reduced(tensor: &Tensor, operator: &str, over: &[usize], keep: bool) -> Result<Arc<Tensor>, Refusal> {
    let kept: Vec<usize> = (0..tensor.shape.len()).filter(|axis| !over.contains(axis)).collect();
    let order: Vec<usize> = kept.iter().chain(over).copied().collect();
    if order.len() != tensor.shape.len() {
        return Err(Refusal::new(format!("axes {over:?}"), "each axis once"));
    }
    let size: usize = over.iter().map(|&axis| tensor.shape[axis]).product();
    let shape: Vec<usize> = if keep {
        (0..tensor.shape.len()).map(|axis| if over.contains(&axis) { 1 } else { tensor.shape[axis] }).collect()
    } else {
        kept.iter().map(|&axis| tensor.shape[axis]).collect()
    };
    let places = transposed_places(&tensor.shape, &order);
    let sets = places.chunks(size.max(1));
    match &tensor.data {
        Data::Int(numbers) => {
            let all = |set: &[usize]| set.iter().filter_map(|&place| numbers.get(place).copied()).collect::<Vec<_>>();
            let of = |set: &[usize]| match operator {
                "ReduceProd" => all(set).into_iter().fold(1, i64::wrapping_mul),
                "ReduceSum" => all(set).into_iter().fold(0, i64::wrapping_add),
                _ => all(set).into_iter().fold(0, i64::wrapping_add) / i64::try_from(size.max(1)).unwrap_or(1),
            };
            Tensor::ints(shape, sets.map(of).collect())
        }
        Data::Float(numbers) => {
            let all = |set: &[usize]| {
                set.iter().filter_map(|&place| numbers.get(place)).map(|&x| f64::from(x)).collect::<Vec<_>>()
            };
            let of = |set: &[usize]| match operator {
                "ReduceProd" => all(set).into_iter().product::<f64>() as f32,
                "ReduceSum" => all(set).into_iter().sum::<f64>() as f32,
                _ => (all(set).into_iter().sum::<f64>() / size.max(1) as f64) as f32,
            };
            Tensor::floats(shape, sets.map(of).collect())
        }
    }
}
