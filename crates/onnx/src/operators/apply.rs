//! Which operator becomes which steps.

use super::{
    arithmetic, conv, dense, indexing, join, normalization, pointwise, pool, power, reduce, shape, softmax, threshold,
};
use crate::error::Refusal;
use crate::importer::{Call, Importer, Operand};

/// The outputs of a node that depends on the image.
pub(crate) fn apply(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Vec<Operand>, Refusal> {
    let flow = match call.node.operator() {
        "Conv" => conv::conv(importer, call)?,
        "Gemm" => dense::gemm(importer, call)?,
        "MatMul" => dense::matmul(importer, call)?,
        "BatchNormalization" => normalization::batch(importer, call)?,
        "LayerNormalization" => normalization::layer(importer, call)?,
        "GroupNormalization" => normalization::group(importer, call)?,
        "InstanceNormalization" => normalization::instance(importer, call)?,
        "AveragePool" => pool::pool(importer, call, true)?,
        "MaxPool" => pool::pool(importer, call, false)?,
        "GlobalAveragePool" => reduce::global_mean(importer, call)?,
        "GlobalMaxPool" => pool::global_max(importer, call)?,
        "ReduceMean" => reduce::reduce(importer, call, true)?,
        "ReduceSum" => reduce::reduce(importer, call, false)?,
        "Add" => arithmetic::add(importer, call, 1.0)?,
        "Sub" => arithmetic::add(importer, call, -1.0)?,
        "Mul" => arithmetic::multiply(importer, call)?,
        "Div" => arithmetic::divide(importer, call)?,
        "Pow" => power::power(importer, call)?,
        "Softmax" => softmax::softmax(importer, call)?,
        "Concat" => join::concat(importer, call)?,
        "Pad" => join::pad(importer, call)?,
        "Reshape" => shape::reshape(importer, call)?,
        "Flatten" => shape::flatten(importer, call)?,
        "Squeeze" => shape::squeeze(importer, call)?,
        "Unsqueeze" => shape::unsqueeze(importer, call)?,
        "Transpose" => shape::transpose(importer, call)?,
        "Expand" => shape::expand(importer, call)?,
        "Greater" | "GreaterOrEqual" => return threshold::above(call).map(|above| vec![above]),
        "Where" => threshold::chosen(importer, call)?,
        "Shape" => return shape::shape(call).map(|shape| vec![shape]),
        "Size" => return shape::size(call).map(|size| vec![size]),
        "Identity" | "Dropout" => call.flow(0)?.clone(),
        "Cast" => pointwise::cast(call)?,
        "Gather" => indexing::gather(importer, call)?,
        "Slice" => indexing::slice(importer, call)?,
        "Split" => return indexing::split(importer, call),
        _ => pointwise::pointwise(importer, call)?,
    };
    Ok(vec![Operand::Flow(flow)])
}
