//! Sharpness: the increase of the loss after a small step of the parameters along its gradient.

use crate::MetricsError;
use crate::chunks::chunks;
use crate::error::all_finite;
use crate::evaluation::{image_loss, losses};
use minima_autodiff::{Differentiable, Loss, Scalar, SoftmaxCrossEntropy};
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// The number of images whose gradients are held at once: 3.5 MB for the paper's network in `f32`.
const EXAMPLES_AT_ONCE: usize = 128;

/// The loss that a perturbation of the parameters increases, and the images on which its effect is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The mean loss of each consecutive batch with this number of images; the last batch may be shorter. Each image
    /// gets the increase of its batch's mean loss, so a mean or median over images weights a short batch by its length.
    Batch(usize),
    /// Every image's own loss.
    Example,
}

/// The increase of the loss for one radius.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sharpness {
    /// The length of the perturbation of the parameters.
    pub rho: f64,
    /// The increase of the loss for each image, in order. Softmax cross-entropy is in nats.
    pub increases: Vec<f64>,
}

/// The loss increase `ℓ(θ + ρ g/‖g‖) − ℓ(θ)`, `g = ∇_θ ℓ`, for every image `(images, features)` and every radius: table
/// 3 of "Gauss-Newton under adversarial attacks", after the inner maximization of sharpness-aware minimization (Foret
/// et al. 2021, equation 2). If the gradient is zero, the increase is 0.
///
/// Logits and gradients are in the model's precision; the norm, the losses and their difference in `f64`.
///
/// # Errors
/// Returns [`MetricsError::Rho`] if a radius is negative or not finite, [`MetricsError::BatchSize`] if the batch size
/// is zero, [`MetricsError::Autodiff`] if the images do not fit the network, if the number of labels is wrong or if a
/// label is not a class, and [`MetricsError::NotFinite`] if an increase is not finite.
pub fn sharpness<T: Scalar>(
    model: &dyn Differentiable<T>,
    images: ArrayView2<'_, T>,
    labels: &[usize],
    scope: Scope,
    rhos: &[f64],
) -> Result<Vec<Sharpness>, MetricsError> {
    sharpness_with_loss(model, images, labels, &SoftmaxCrossEntropy::default(), scope, rhos)
}

/// Runs [`sharpness`] with another loss, in its unit. A batch's mean loss is the sum of its images' losses divided by
/// the [total weight](Loss::total_weight) of its labels. An image's own loss ([`Scope::Example`]) is not divided by its
/// weight.
///
/// # Errors
/// Returns the errors of [`sharpness`], and [`MetricsError::Autodiff`] with the errors of [`Loss::check`] for all labels
/// or for the labels of a batch.
pub fn sharpness_with_loss<T: Scalar>(
    model: &dyn Differentiable<T>,
    images: ArrayView2<'_, T>,
    labels: &[usize],
    loss: &dyn Loss,
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
    loss.check(labels, images.nrows(), model.graph().classes())?;
    let empty = |&rho: &f64| Sharpness { rho, increases: Vec::with_capacity(labels.len()) };
    let mut found: Vec<Sharpness> = rhos.iter().map(empty).collect();
    for (images, labels) in chunks(&images, labels, model.graph().classes(), size)? {
        match scope {
            Scope::Batch(_) => batch(model, images, labels, loss, &mut found)?,
            Scope::Example => examples(model, images, labels, loss, &mut found)?,
        }
    }
    for sharpness in &found {
        all_finite("loss increase of image", &sharpness.increases)?;
    }
    Ok(found)
}

/// Adds the increases of one batch, with one common perturbation.
fn batch<T: Scalar>(
    model: &dyn Differentiable<T>,
    images: ArrayView2<'_, T>,
    labels: &[usize],
    loss: &dyn Loss,
    found: &mut [Sharpness],
) -> Result<(), MetricsError> {
    loss.check(labels, images.nrows(), model.graph().classes())?;
    let params = model.params();
    let (of, share) = (loss.of::<T>(), T::from_f64(1.0 / loss.total_weight(labels)));
    let (logits, gradient) = model.logits_and_vjp(images, &|image, logits, cotangent| {
        if let Some(&label) = labels.get(image) {
            of.gradient_into(logits, label, share, cotangent);
        }
    })?;
    let (base, norm) = (mean_loss(logits.view(), labels, loss), length(&gradient));
    for Sharpness { rho, increases } in found {
        let increase = match perturbed(params, &gradient, norm, *rho) {
            Some(params) => mean_loss(model.logits_at(&params, images)?.view(), labels, loss) - base,
            None => 0.0,
        };
        increases.extend(labels.iter().map(|_| increase));
    }
    Ok(())
}

/// Adds the increases of some images, each with its own perturbation.
fn examples<T: Scalar>(
    model: &dyn Differentiable<T>,
    images: ArrayView2<'_, T>,
    labels: &[usize],
    loss: &dyn Loss,
    found: &mut [Sharpness],
) -> Result<(), MetricsError> {
    let (graph, params, of) = (model.graph(), model.params(), loss.of::<T>());
    let linearization = graph.linearize(params, images)?;
    let mut cotangents = Array2::zeros(linearization.logits().raw_dim());
    for ((mut cotangent, logits), &label) in
        cotangents.outer_iter_mut().zip(linearization.logits().outer_iter()).zip(labels)
    {
        if let Some(cotangent) = cotangent.as_slice_mut() {
            of.gradient_into(&logits.to_vec(), label, T::one(), cotangent);
        }
    }
    let gradients = linearization.per_sample_gradients(cotangents.view())?;
    let bases = losses(linearization.logits(), labels, loss);
    let norms: Vec<f64> = gradients.axis_iter(Axis(0)).into_par_iter().map(length).collect();
    for Sharpness { rho, increases } in found {
        let rows = gradients.axis_iter(Axis(0)).into_par_iter();
        let images = images.axis_chunks_iter(Axis(0), 1).into_par_iter();
        let examples = rows.zip(images).zip(labels.par_iter().zip(&bases).zip(&norms));
        let rises = examples.map(|((gradient, image), ((&label, base), &norm))| {
            let gradient = gradient.as_standard_layout();
            match gradient.as_slice().and_then(|gradient| perturbed(params, gradient, norm, *rho)) {
                Some(params) => {
                    let logits = graph.logits(&params, image)?;
                    Ok(logits.outer_iter().map(|row| image_loss(row, label, loss) - base).sum())
                }
                None => Ok(0.0),
            }
        });
        increases.extend(rises.collect::<Result<Vec<f64>, MetricsError>>()?);
    }
    Ok(())
}

/// `‖g‖`.
fn length<'a, T: Scalar>(gradient: impl IntoIterator<Item = &'a T>) -> f64 {
    gradient.into_iter().map(|g| g.as_f64().powi(2)).sum::<f64>().sqrt()
}

/// `θ + ρ g/‖g‖` with the gradient's norm; `None` if it is zero.
fn perturbed<T: Scalar>(params: &[T], gradient: &[T], norm: f64, rho: f64) -> Option<Vec<T>> {
    if norm == 0.0 {
        return None;
    }
    let step = rho / norm;
    Some(params.iter().zip(gradient).map(|(&p, g)| T::from_f64(p.as_f64() + step * g.as_f64())).collect())
}

/// The mean of a batch's losses.
fn mean_loss<T: Scalar>(logits: ArrayView2<'_, T>, labels: &[usize], loss: &dyn Loss) -> f64 {
    losses(logits, labels, loss).iter().sum::<f64>() / loss.total_weight(labels)
}
