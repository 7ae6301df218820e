//! Calls of the graph's builder that differ between the forms of one layer.

use crate::layer::Function;
use minima_autodiff::{Activation, AutodiffError, GraphBuilder, PoolSpec, Value};

/// A function of every number.
pub(super) fn activation(g: &mut GraphBuilder, x: Value, function: Function) -> Value {
    let activation = match function {
        Function::Relu => return g.relu(x),
        Function::LeakyRelu { slope } => Activation::LeakyRelu { slope },
        Function::Elu { alpha } => Activation::Elu { alpha },
        Function::Gelu => Activation::Gelu,
        Function::GeluTanh => Activation::GeluTanh,
        Function::Silu => Activation::Silu,
        Function::Sigmoid => Activation::Sigmoid,
        Function::Softplus => Activation::Softplus,
        Function::Tanh => Activation::Tanh,
        Function::Clip { low, high } => Activation::Clip { low, high },
        Function::Sqrt => Activation::Sqrt,
        Function::Reciprocal => Activation::Reciprocal,
    };
    g.activation(x, activation)
}

/// The mean or the maximum over windows.
pub(super) fn pooling(g: &mut GraphBuilder, x: Value, mean: bool, spec: PoolSpec) -> Result<Value, AutodiffError> {
    if mean { g.avg_pool2d_padded(x, spec) } else { g.max_pool2d_padded(x, spec) }
}
