//! Calls of the graph's builder.

use super::fault::Fault;
use crate::layer::Function;
use minima_autodiff::{Conv2dSpec, GraphBuilder, Padding, Value};

/// An operation that the builder does not have.
fn missing(operation: &str) -> Fault {
    Fault::content(operation, "an operation of this version")
}

pub(super) fn normalize(_g: &mut GraphBuilder, _x: Value, _mean: &[f64], _deviation: &[f64]) -> Result<Value, Fault> {
    Err(missing("normalize"))
}

/// A border with this many rows above and columns to the left, and rows below and columns to the right.
pub(super) fn explicit_padding(low: [usize; 2], high: [usize; 2]) -> Result<Padding, Fault> {
    if low == [0; 2] && high == [0; 2] { Ok(Padding::Valid) } else { Err(missing("an explicit padding")) }
}

/// An upper bound of the numbers of rows and columns in the border of windows of this reach.
pub(super) fn border(padding: Padding, reach: [usize; 2]) -> [usize; 2] {
    match padding {
        Padding::Same => reach,
        Padding::Valid => [0; 2],
    }
}

pub(super) fn convolution(
    features: usize,
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: Padding,
    dilation: [usize; 2],
    groups: usize,
    bias: bool,
) -> Result<Conv2dSpec, Fault> {
    if dilation != [1; 2] || groups != 1 {
        return Err(missing("a dilation or groups"));
    }
    Ok(Conv2dSpec { features, kernel, stride, padding, bias })
}

pub(super) fn pooling(
    g: &mut GraphBuilder,
    x: Value,
    mean: bool,
    window: [usize; 2],
    stride: [usize; 2],
    padding: Padding,
    _count_padding: bool,
) -> Result<Value, Fault> {
    if padding != Padding::Valid {
        return Err(missing("a pooling with a border"));
    }
    Ok(if mean { g.avg_pool2d(x, window, stride) } else { g.max_pool2d(x, window, stride) }?)
}

pub(super) fn activation(g: &mut GraphBuilder, x: Value, function: Function) -> Result<Value, Fault> {
    match function {
        Function::Relu => Ok(g.relu(x)),
        other => Err(missing(other.name())),
    }
}

pub(super) fn group_norm(
    _g: &mut GraphBuilder,
    _x: Value,
    _name: &str,
    _groups: usize,
    _epsilon: f64,
) -> Result<Value, Fault> {
    Err(missing("group_norm"))
}

pub(super) fn layer_norm(_g: &mut GraphBuilder, _x: Value, _name: &str, _epsilon: f64) -> Result<Value, Fault> {
    Err(missing("layer_norm"))
}

pub(super) fn softmax(_g: &mut GraphBuilder, _x: Value) -> Result<Value, Fault> {
    Err(missing("softmax"))
}

pub(super) fn attention(_g: &mut GraphBuilder, _x: Value, _name: &str, _heads: usize) -> Result<Value, Fault> {
    Err(missing("attention"))
}
