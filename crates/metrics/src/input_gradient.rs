//! The norm of the loss's gradient with respect to the image: the slope of the loss where an attack starts.

use crate::MetricsError;
use crate::chunks::{IMAGES_AT_ONCE, chunks};
use crate::error::all_finite;
use minima_autodiff::{Classifier, Loss, Scalar, SoftmaxCrossEntropy};
use ndarray::{ArrayView2, Axis};
use rayon::prelude::*;

/// The name of the measured number in errors.
const WHAT: &str = "input-gradient norm";

/// `‖∇ₓ ℓ(x, y)‖₂` of every image `(images, features)`, where `ℓ` is the image's own softmax cross-entropy: figure 2 of
/// "Gauss-Newton under adversarial attacks". The unit is nats per unit of pixel value.
///
/// # Errors
/// Returns [`MetricsError::Autodiff`] if the images do not fit the network, if the number of labels is wrong, or if a
/// label is not a class, and [`MetricsError::NotFinite`] if a norm is not finite.
pub fn input_gradient_norms<T: Scalar>(
    model: &dyn Classifier<T>,
    images: ArrayView2<'_, T>,
    labels: &[usize],
) -> Result<Vec<f64>, MetricsError> {
    input_gradient_norms_with_loss(model, images, labels, &SoftmaxCrossEntropy::default())
}

/// Runs [`input_gradient_norms`] with another loss, in its unit per unit of pixel value. An image's own loss is not
/// divided by its weight.
///
/// # Errors
/// Returns the errors of [`input_gradient_norms`], and [`MetricsError::Autodiff`] with the errors of [`Loss::check`].
pub fn input_gradient_norms_with_loss<T: Scalar>(
    model: &dyn Classifier<T>,
    images: ArrayView2<'_, T>,
    labels: &[usize],
    loss: &dyn Loss,
) -> Result<Vec<f64>, MetricsError> {
    loss.check(labels, images.nrows(), model.classes())?;
    let of = loss.of::<T>();
    let mut norms = Vec::with_capacity(labels.len());
    for (images, labels) in chunks(&images, labels, model.classes(), IMAGES_AT_ONCE)? {
        let (_, gradients) = model.logits_and_input_vjp(images, &|image, logits, cotangent| {
            if let Some(&label) = labels.get(image) {
                of.gradient_into(logits, label, T::one(), cotangent);
            }
        })?;
        norms.extend(norms_of(gradients.view()));
    }
    all_finite(WHAT, &norms)?;
    Ok(norms)
}

/// Computes the norms of [`input_gradient_norms`] from given gradients `(images, features)`.
///
/// # Errors
/// Returns [`MetricsError::NotFinite`] if a norm is not finite.
pub fn norms_of_gradients<T: Scalar>(gradients: ArrayView2<'_, T>) -> Result<Vec<f64>, MetricsError> {
    let norms = norms_of(gradients);
    all_finite(WHAT, &norms)?;
    Ok(norms)
}

fn norms_of<T: Scalar>(gradients: ArrayView2<'_, T>) -> Vec<f64> {
    let rows = gradients.axis_iter(Axis(0)).into_par_iter();
    rows.map(|gradient| gradient.iter().map(|g| g.as_f64().powi(2)).sum::<f64>().sqrt()).collect()
}

/// The share of norms that are exactly zero, 0 to 1. On such images a gradient attack has no direction, because the
/// gradient vanishes by rounding or all units on its path are inactive. The share is zero if there are no norms.
#[must_use]
pub fn zero_share(norms: &[f64]) -> f64 {
    norms.iter().filter(|&&norm| norm == 0.0).count() as f64 / norms.len().max(1) as f64
}
