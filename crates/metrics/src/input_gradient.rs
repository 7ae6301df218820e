//! The norm of the loss's gradient with respect to the image: how steep the loss is where an attack starts.

use crate::MetricsError;
use crate::chunks::{IMAGES_AT_ONCE, chunks};
use crate::error::all_finite;
use minima_autodiff::softmax_cross_entropy::gradient_into;
use minima_autodiff::{Classifier, Scalar};
use ndarray::{ArrayView2, Axis};
use rayon::prelude::*;

/// `‖∇ₓ ℓ(x, y)‖₂` of every image `(images, features)`, where `ℓ` is the image's own softmax cross-entropy: figure 2 of
/// "Gauss-Newton under adversarial attacks". In nats per unit of pixel value.
///
/// # Errors
/// When the images do not fit the network, there is not one label for each, a label names no class, or a norm is not
/// finite.
pub fn input_gradient_norms<T: Scalar>(
    model: &dyn Classifier<T>,
    images: ArrayView2<'_, T>,
    labels: &[usize],
) -> Result<Vec<f64>, MetricsError> {
    let mut norms = Vec::with_capacity(labels.len());
    for (images, labels) in chunks(&images, labels, model.classes(), IMAGES_AT_ONCE)? {
        let (_, gradients) = model.logits_and_input_vjp(images, &|image, logits, cotangent| {
            if let Some(&label) = labels.get(image) {
                gradient_into(logits, label, T::one(), cotangent);
            }
        })?;
        let rows = gradients.axis_iter(Axis(0)).into_par_iter();
        norms.par_extend(rows.map(|gradient| gradient.iter().map(|g| g.as_f64().powi(2)).sum::<f64>().sqrt()));
    }
    all_finite("input-gradient norm", &norms)?;
    Ok(norms)
}

/// The share of norms that are exactly zero, 0 to 1: images on which a gradient attack has no direction to take, because
/// the gradient vanished in rounding or every unit on its way is off. Zero if there are no norms.
#[must_use]
pub fn zero_share(norms: &[f64]) -> f64 {
    norms.iter().filter(|&&norm| norm == 0.0).count() as f64 / norms.len().max(1) as f64
}
