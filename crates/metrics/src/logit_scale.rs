//! A network with scaled logits: the same decisions with different confidence.

use crate::MetricsError;
use minima_autodiff::{LayerOperation, Model, Scalar};

/// Multiplies the kernel, and the bias if there is one, of the dense layer that computes the logits by `factor`. All
/// logits, and therefore all margins, are multiplied by `factor`, and no image changes its class. The loss and its
/// gradients do change: they depend on the scale of the logits, which does not affect the decision boundary.
///
/// Each parameter is multiplied in `f64` and rounded once. With a power of two nothing is rounded, unless it overflows
/// or underflows.
///
/// Rectifiers are homogeneous: in a network of rectifiers, scaling an earlier layer with its biases, and the biases after
/// it, would give the same function. The parameters would differ, and so would the response to their perturbation. The
/// last layer is chosen because the learned features then do not change.
///
/// # Errors
/// Returns [`MetricsError::LogitFactor`] if the factor is not a positive finite number, and [`MetricsError::LastLayer`]
/// if the last layer is not a dense layer.
pub fn with_scaled_logits<T: Scalar>(model: &Model<T>, factor: f64) -> Result<Model<T>, MetricsError> {
    if !(factor.is_finite() && factor > 0.0) {
        return Err(MetricsError::LogitFactor { found: factor });
    }
    let graph = model.graph();
    let last = graph.layers().into_iter().find(|layer| layer.output == graph.output_value());
    let Some(dense) = last.filter(|layer| matches!(layer.operation, LayerOperation::Dense { .. })) else {
        let last = graph.parameters().last();
        return Err(MetricsError::LastLayer { found: last.map_or_else(String::new, |spec| spec.name.clone()) });
    };
    let mut scaled = model.clone();
    if let Some(own) = scaled.params_mut().get_mut(dense.params) {
        own.iter_mut().for_each(|x| *x = T::from_f64(factor * x.as_f64()));
    }
    Ok(scaled)
}
