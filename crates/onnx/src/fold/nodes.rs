//! The operators on constants.

use super::budget::Budget;
use super::inputs::Inputs;
use super::{arithmetic, arrange};
use crate::error::Refusal;
use crate::node::{Node, axes, axis};
use crate::shapes::{flattened, new_shape, permutation, sizes_between, squeezed, unsqueezed};
use crate::spans::{Span, parts, slice_arguments, spans};
use crate::tensor::Tensor;
use std::sync::Arc;

/// The outputs of a node on constants.
pub(crate) fn fold(
    node: Node<'_>,
    inputs: &[Option<Arc<Tensor>>],
    budget: &mut Budget,
) -> Result<Vec<Arc<Tensor>>, Refusal> {
    let inputs = Inputs(inputs);
    let of_shape = |shape: Vec<usize>| Ok::<_, Refusal>(Arc::new(inputs.required(0)?.reshaped(shape)?));
    let shape = || Ok::<_, Refusal>(inputs.required(0)?.shape.clone());
    if let Some(first) = inputs.get(0) {
        budget.take(&first.shape)?;
    }
    let output = match node.operator() {
        "Identity" | "Dropout" => Arc::clone(inputs.required(0)?),
        "Cast" => Arc::new(arithmetic::cast(inputs.required(0)?, node.int("to", 1))?),
        "Reshape" => {
            let wanted = inputs.required(1)?;
            of_shape(new_shape(wanted.to_ints()?, &shape()?, node.int("allowzero", 0) != 0)?)?
        }
        "Flatten" => of_shape(flattened(&shape()?, node.int("axis", 1))?.to_vec())?,
        "Squeeze" => of_shape(squeezed(&shape()?, inputs.ints(node, "axes", 1)?.as_deref())?)?,
        "Unsqueeze" => {
            let given = inputs.ints(node, "axes", 1)?.ok_or_else(|| Refusal::new("no axes", "axes"))?;
            of_shape(unsqueezed(&shape()?, &given)?)?
        }
        "Shape" => Tensor::vector(sizes_between(&shape()?, node.int("start", 0), node.int("end", i64::MAX))),
        "Size" => Tensor::ints(Vec::new(), vec![i64::try_from(inputs.required(0)?.len()).unwrap_or(i64::MAX)])?,
        "Transpose" => {
            let tensor = inputs.required(0)?;
            Arc::new(tensor.transposed(&permutation(node.ints("perm"), tensor.shape.len())?)?)
        }
        "Expand" => {
            let wanted = crate::decode::sizes(inputs.required(1)?.to_ints()?)?;
            let shape = crate::tensor::common_shape(&shape()?, &wanted)?;
            budget.take(&shape)?;
            Arc::new(inputs.required(0)?.broadcast(&shape)?)
        }
        "ConstantOfShape" => {
            let shape = crate::decode::sizes(inputs.required(0)?.to_ints()?)?;
            budget.take(&shape)?;
            arrange::filled(node, shape)?
        }
        "Range" => arrange::range(&inputs, budget)?,
        "Tile" => arrange::tiled(&inputs, budget)?,
        "Concat" => {
            let tensors: Vec<&Arc<Tensor>> =
                (0..inputs.0.len()).map(|place| inputs.required(place)).collect::<Result<_, _>>()?;
            arrange::joined(&tensors, node.int("axis", 0), budget)?
        }
        "Gather" => arrange::gathered(&inputs, node.int("axis", 0), budget)?,
        "Slice" => {
            let constant = |place| inputs.get(place).map(|tensor| Ok(tensor.to_ints()?.to_vec())).transpose();
            let [starts, ends, over, steps] = slice_arguments(node, &constant)?;
            let (Some(starts), Some(ends)) = (starts, ends) else {
                return Err(Refusal::new("no starts and ends", "constants"));
            };
            let tensor = inputs.required(0)?;
            let spans = spans(&tensor.shape, &starts, &ends, over.as_deref(), steps.as_deref())?;
            let parts = spans
                .into_iter()
                .try_fold(tensor.as_ref().clone(), |tensor, (axis, span)| arrange::taken(&tensor, axis, span));
            Arc::new(parts?)
        }
        "Split" => {
            let tensor = inputs.required(0)?;
            let over = axis(node.int("axis", 0), tensor.shape.len())?;
            let given = inputs.ints(node, "split", 1)?;
            let sizes = parts(tensor.shape[over], given.as_deref(), node.proto.output.len())?;
            let mut start = 0;
            let mut outputs = Vec::with_capacity(sizes.len());
            for size in sizes {
                outputs.push(Arc::new(arrange::taken(tensor, over, Span::neighbours(start, size))?));
                start += size;
            }
            return Ok(outputs);
        }
        "ReduceProd" | "ReduceSum" | "ReduceMean" => {
            let tensor = inputs.required(0)?;
            let over = match inputs.ints(node, "axes", 1)? {
                Some(given) if !given.is_empty() => axes(&given, tensor.shape.len())?,
                _ if node.int("noop_with_empty_axes", 0) != 0 => return Ok(vec![Arc::clone(tensor)]),
                _ => (0..tensor.shape.len()).collect(),
            };
            arrange::reduced(tensor, node.operator(), &over, node.int("keepdims", 1) != 0)?
        }
        "Where" => arithmetic::chosen(&inputs, budget)?,
        operator => arithmetic::arithmetic(operator, &inputs, budget)?,
    };
    Ok(vec![output])
}
