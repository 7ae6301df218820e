//! Sharpness: how much the loss rises when the parameters move a little way up its slope.

use crate::MetricsError;
use crate::chunks::chunks;
use crate::error::all_finite;
use crate::losses::{image_loss, losses};
use minima_autodiff::softmax_cross_entropy::gradient_into;
use minima_autodiff::{Differentiable, Scalar};
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Images whose per-sample gradients are held at once: 3.5 MB for the paper's network in `f32`.
const EXAMPLES_AT_ONCE: usize = 128;

/// Whose loss a perturbation of the parameters goes up, and on whom its effect is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The mean loss of each consecutive batch of so many images, the last perhaps shorter; what the batch's mean loss
    /// rises by counts for each of its images, so that a mean or median over images weighs a short batch by its length.
    Batch(usize),
    /// Every image's own loss.
    Example,
}

/// What one radius does to the loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sharpness {
    /// Length of the perturbation of the parameters.
    pub rho: f64,
    /// For each image, in order, by how much the loss rises, in nats.
    pub increases: Vec<f64>,
}

/// The loss increase `ℓ(θ + ρ g/‖g‖) − ℓ(θ)`, `g = ∇_θ ℓ`, for every image `(images, features)` and every radius: table 3 of
/// "Gauss-Newton under adversarial attacks", after the inner maximization of sharpness-aware minimization (Foret et al.
/// 2021, equation 2). Where the gradient is zero the loss stays as it is: an increase of 0.
///
/// Logits and gradients are in the model's precision; the norm, the losses and their difference in `f64`.
///
/// # Errors
/// When a radius is negative or not finite, batches have no images, the images do not fit the network, there is not one
/// label for each, a label names no class, or an increase is not finite.
pub fn sharpness<T: Scalar>(
    model: &dyn Differentiable<T>,
    images: ArrayView2<'_, T>,
    labels: &[usize],
    scope: Scope,
    rhos: &[f64],
) -> Result<Vec<Sharpness>, MetricsError> {
    if let Some(&found) = rhos.iter().find(|rho| !(rho.is_finite() && **rho >= 0.0)) {
        return Err(MetricsError::Rho { found });
    }
    let size = match scope {
        Scope::Batch(0) => return Err(MetricsError::BatchSize),
        Scope::Batch(size) => size,
        Scope::Example => EXAMPLES_AT_ONCE,
    };
    let empty = |&rho: &f64| Sharpness { rho, increases: Vec::with_capacity(labels.len()) };
    let mut found: Vec<Sharpness> = rhos.iter().map(empty).collect();
    for (images, labels) in chunks(&images, labels, model.graph().classes(), size)? {
        match scope {
            Scope::Batch(_) => batch(model, images, labels, &mut found)?,
            Scope::Example => examples(model, images, labels, &mut found)?,
        }
    }
    for sharpness in &found {
        all_finite("loss increase of image", &sharpness.increases)?;
    }
    Ok(found)
}

/// Adds one batch's increases, one perturbation for all of it.
fn batch<T: Scalar>(
    model: &dyn Differentiable<T>,
    images: ArrayView2<'_, T>,
    labels: &[usize],
    found: &mut [Sharpness],
) -> Result<(), MetricsError> {
    let params = model.params();
    let share = T::from_f64(1.0 / labels.len() as f64);
    let (logits, gradient) = model.logits_and_vjp(images, &|image, logits, cotangent| {
        if let Some(&label) = labels.get(image) {
            gradient_into(logits, label, share, cotangent);
        }
    })?;
    let base = mean_loss(logits.view(), labels);
    for Sharpness { rho, increases } in found {
        let increase = match perturbed(params, &gradient, *rho) {
            Some(params) => mean_loss(model.logits_at(&params, images)?.view(), labels) - base,
            None => 0.0,
        };
        increases.extend(labels.iter().map(|_| increase));
    }
    Ok(())
}

/// Adds some images' increases, each with its own perturbation.
fn examples<T: Scalar>(
    model: &dyn Differentiable<T>,
    images: ArrayView2<'_, T>,
    labels: &[usize],
    found: &mut [Sharpness],
) -> Result<(), MetricsError> {
    let (graph, params) = (model.graph(), model.params());
    let linearization = graph.linearize(params, images)?;
    let mut cotangents = Array2::zeros(linearization.logits().raw_dim());
    for ((mut cotangent, logits), &label) in
        cotangents.outer_iter_mut().zip(linearization.logits().outer_iter()).zip(labels)
    {
        if let Some(cotangent) = cotangent.as_slice_mut() {
            gradient_into(&logits.to_vec(), label, T::one(), cotangent);
        }
    }
    let gradients = linearization.per_sample_gradients(cotangents.view())?;
    let bases = losses(linearization.logits(), labels);
    for Sharpness { rho, increases } in found {
        let rows = gradients.axis_iter(Axis(0)).into_par_iter();
        let images = images.axis_chunks_iter(Axis(0), 1).into_par_iter();
        let rises = rows.zip(images).zip(labels.par_iter().zip(&bases)).map(|((gradient, image), (&label, base))| {
            let gradient = gradient.as_standard_layout();
            match gradient.as_slice().and_then(|gradient| perturbed(params, gradient, *rho)) {
                Some(params) => {
                    let logits = graph.logits(&params, image)?;
                    Ok(logits.outer_iter().map(|row| image_loss(row, label) - base).sum())
                }
                None => Ok(0.0),
            }
        });
        increases.extend(rises.collect::<Result<Vec<f64>, MetricsError>>()?);
    }
    Ok(())
}

/// `θ + ρ g/‖g‖`; `None` for a gradient of zero.
fn perturbed<T: Scalar>(params: &[T], gradient: &[T], rho: f64) -> Option<Vec<T>> {
    let norm = gradient.iter().map(|g| g.as_f64().powi(2)).sum::<f64>().sqrt();
    if norm == 0.0 {
        return None;
    }
    let step = rho / norm;
    Some(params.iter().zip(gradient).map(|(&p, g)| T::from_f64(p.as_f64() + step * g.as_f64())).collect())
}

/// The mean of a batch's losses.
fn mean_loss<T: Scalar>(logits: ArrayView2<'_, T>, labels: &[usize]) -> f64 {
    losses(logits, labels).iter().sum::<f64>() / labels.len() as f64
}
