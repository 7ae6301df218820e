//! Values in another shape.

use crate::error::Refusal;
use crate::importer::{Call, Importer, Operand};
use crate::program::Flow;
use crate::shapes::{flattened, new_shape, permutation, sizes_between, squeezed, unsqueezed};
use crate::tensor::{Tensor, common_shape};

pub(super) fn reshape(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    let x = call.flow(0)?;
    let shape = new_shape(call.required(1)?.to_ints()?, &x.view.shape(), call.node.int("allowzero", 0) != 0)?;
    importer.program.reshape(x, &shape)
}

pub(super) fn flatten(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    let x = call.flow(0)?;
    let shape = flattened(&x.view.shape(), call.node.int("axis", 1))?;
    importer.program.reshape(x, &shape)
}

pub(super) fn squeeze(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    let x = call.flow(0)?;
    let shape = squeezed(&x.view.shape(), call.ints("axes", 1)?.as_deref())?;
    importer.program.reshape(x, &shape)
}

pub(super) fn unsqueeze(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    let x = call.flow(0)?;
    let given = call.ints("axes", 1)?.ok_or_else(|| Refusal::new("no axes", "axes"))?;
    let shape = unsqueezed(&x.view.shape(), &given)?;
    importer.program.reshape(x, &shape)
}

pub(super) fn transpose(_importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    let x = call.flow(0)?;
    let order = permutation(call.node.ints("perm"), x.view.rank())?;
    Ok(Flow { step: x.step, view: x.view.transposed(&order) })
}

pub(super) fn expand(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    let x = call.flow(0)?;
    let wanted = crate::decode::sizes(call.required(1)?.to_ints()?)?;
    let shape = common_shape(&x.view.shape(), &wanted)?;
    importer.program.broadcast(x, &shape)
}

/// `Shape` of a value that depends on the image: its sizes do not.
pub(super) fn shape(call: &Call<'_>) -> Result<Operand, Refusal> {
    let sizes = call.flow(0)?.view.shape();
    let chosen = sizes_between(&sizes, call.node.int("start", 0), call.node.int("end", i64::MAX));
    Ok(Operand::Constant(Tensor::vector(chosen)))
}

pub(super) fn size(call: &Call<'_>) -> Result<Operand, Refusal> {
    let count: usize = call.flow(0)?.view.shape().iter().product();
    Ok(Operand::Constant(Tensor::ints(Vec::new(), vec![i64::try_from(count).unwrap_or(i64::MAX)])?))
}
