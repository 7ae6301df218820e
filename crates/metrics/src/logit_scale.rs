//! A network with its logits multiplied by a number: the same decisions, made with another confidence.

use crate::MetricsError;
use minima_autodiff::{Model, Scalar};

/// The network with kernel and bias of its last dense layer multiplied by `factor`: all its logits, and with them its margins, are
/// `factor` times as large, and no image changes its class. What the loss and its gradients are does change: they depend on the
/// scale of the logits, which says nothing of where the decision boundary lies.
///
/// Each parameter is multiplied in `f64` and rounded once; for a power of two nothing is rounded, unless it over- or underflows.
///
/// The same function could be had by scaling any layer before it, rectifiers being homogeneous, with other parameters and so another
/// answer to a perturbation of them: that it is the last layer is a choice, the one that leaves the features as they were learned.
///
/// # Errors
/// When the factor is not a positive finite number, or the network does not end in a dense layer with an output a class.
pub fn with_scaled_logits<T: Scalar>(model: &Model<T>, factor: f64) -> Result<Model<T>, MetricsError> {
    if !(factor.is_finite() && factor > 0.0) {
        return Err(MetricsError::LogitFactor { found: factor });
    }
    let graph = model.graph();
    let last = graph.parameters().last();
    let dense = last.filter(|kernel| kernel.shape == [kernel.fan_in, graph.classes()]);
    let Some(dense) = dense else {
        return Err(MetricsError::LastLayer { found: last.map_or_else(String::new, |spec| spec.name.clone()) });
    };
    let mut scaled = model.clone();
    for spec in graph.parameters().iter().filter(|spec| spec.module == dense.module) {
        if let Some(own) = scaled.params_mut().get_mut(spec.range.clone()) {
            own.iter_mut().for_each(|x| *x = T::from_f64(factor * x.as_f64()));
        }
    }
    Ok(scaled)
}
