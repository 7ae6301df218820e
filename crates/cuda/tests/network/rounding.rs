//! How far roundings of single precision carry two programs' numbers apart.

use minima_autodiff::{Graph, LayerOperation};

/// The number of standard deviations of a sum's error. Errors beyond it have a probability of 2 exp(−λ²/2), below 1e-5.
const DEVIATIONS: f64 = 5.0;
/// The roundings of an exponential, a hyperbolic tangent, an error function or a root, which two programs compute differently.
const OF_A_FUNCTION: usize = 8;

/// The relative error, in the Euclidean norm, of the result of `passes` over a network, one after another, with `images` images: 1 for
/// values, 2 for tangents and gradients, 3 for products with the Gauss-Newton matrix, 4 with the Hessian.
///
/// The error of n roundings in a row is at most `λ u √n` with `u = 2⁻²⁴`, except with a probability of 2 exp(−λ²/2), relative to
/// numbers of equal sign (Higham & Mary 2019, "A new approach to probabilistic rounding error analysis", theorem 2.4). For terms of
/// random signs, error and sum both shrink by about √n. Two programs that add in other orders are at most twice as far apart. n is
/// the length of all layers' sums, once for each pass, and of the longest sum over places and images, in a gradient.
pub fn rounding(graph: &Graph, images: usize, passes: usize) -> f64 {
    let unit = f64::from(f32::EPSILON) / 2.0;
    let layers = graph.layers();
    let lengths: usize = layers.iter().map(|layer| length(&layer.operation)).sum();
    let sizes = graph.value_sizes();
    let places = layers.iter().map(|layer| places(&layer.operation, sizes[layer.output])).max().unwrap_or(1);
    2.0 * DEVIATIONS * unit * ((passes * lengths + places * images) as f64).sqrt()
}

/// The roundings of an output.
fn length(operation: &LayerOperation) -> usize {
    match operation {
        LayerOperation::Conv2d { spec, input } => spec.kernel[0] * spec.kernel[1] * input[2] / spec.groups + 1,
        LayerOperation::Dense { inputs, .. } | LayerOperation::TokenwiseDense { inputs, .. } => inputs + 1,
        LayerOperation::Matmul { inner, .. } => *inner,
        LayerOperation::AvgPool2d(pool) | LayerOperation::MaxPool2d(pool) => pool.size[0] * pool.size[1],
        LayerOperation::Reduce { shape, axes, .. } => axes.iter().map(|&axis| shape[axis]).product(),
        LayerOperation::Softmax { shape } => shape[1] + OF_A_FUNCTION,
        LayerOperation::Normalization { layout: [_, places, _, size], .. } => 2 * places * size + OF_A_FUNCTION,
        LayerOperation::Activation { .. } => OF_A_FUNCTION,
        _ => 1,
    }
}

/// The places at which parameters are used, if there are any, for an output of this size.
fn places(operation: &LayerOperation, outputs: usize) -> usize {
    match operation {
        LayerOperation::Conv2d { spec, .. } => outputs / spec.features,
        LayerOperation::TokenwiseDense { places, .. } => *places,
        LayerOperation::Normalization { layout: [outer, places, ..], .. } => outer * places,
        _ => 1,
    }
}
