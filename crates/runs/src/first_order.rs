//! Measurements of a model that need one pass through the network and back for each image.

use crate::error::RunError;
use minima_attacks::{Ball, Fgsm, Outcome};
use minima_autodiff::Classifier;
use minima_metrics::{Evaluation, evaluation_of_logits, margins_of_logits, norms_of_gradients};
use ndarray::ArrayView2;

/// Accuracy, loss, margins, input gradients and FGSM of one model. They share the logits of the images and the gradients of the
/// images' losses.
#[derive(Clone, Debug, PartialEq)]
pub struct FirstOrder {
    /// The accuracy and the mean loss before the attack.
    pub evaluation: Evaluation,
    /// The true class's logit minus the largest other logit, of each image.
    pub logit_margins: Vec<f64>,
    /// `‖∇ₓ ℓ‖₂` of each image, in nats per unit of pixel value.
    pub input_gradient_norms: Vec<f64>,
    /// The outcome of FGSM at each radius.
    pub fgsm: Vec<Outcome<f32>>,
}

impl FirstOrder {
    /// Measures a model on images `(images, features)`. FGSM's radii `epsilons` are in L∞.
    ///
    /// # Errors
    /// Returns [`RunError::Attack`] if a radius is out of its range, if the images do not fit the network or if an output of the
    /// network is NaN or infinite, and [`RunError::Metrics`] if there are no images or a measured number is NaN or infinite.
    pub fn of(
        model: &dyn Classifier<f32>,
        images: ArrayView2<'_, f32>,
        labels: &[usize],
        epsilons: &[f64],
    ) -> Result<Self, RunError> {
        let balls = epsilons.iter().map(|&epsilon| Ball::linf(epsilon)).collect::<Result<Vec<_>, _>>()?;
        let shared = Fgsm::default().gradients(model, images, labels)?;
        Ok(Self {
            evaluation: evaluation_of_logits(shared.logits(), labels)?,
            logit_margins: margins_of_logits(shared.logits(), labels)?,
            input_gradient_norms: norms_of_gradients(shared.gradients())?,
            fgsm: balls.into_iter().map(|ball| shared.step(ball)).collect::<Result<Vec<_>, _>>()?,
        })
    }
}
