//! Measurements of a trained model: accuracy, FGSM, input gradients, margins, sharpness.

use crate::error::RunError;
use crate::test_set::TestSet;
use minima_attacks::{Attack, Ball, Fgsm};
use minima_autodiff::Differentiable;
use minima_autodiff::softmax_cross_entropy::softmax;
use minima_metrics::{self as metrics, Summary};
use minima_rows::{AdversarialExample, Scope};
use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};

/// The number of pairs of an image and its adversarial version in figure 1.
const PAIRS: usize = 6;

/// One FGSM attack on the test set. The adversarial images are not serialised.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FgsmMeasurement {
    /// The attack's radius.
    pub epsilon: f64,
    /// The number of images classified correctly before the attack and misclassified after it.
    pub successes: usize,
    /// The indices of these images.
    #[serde(skip)]
    flipped: Vec<usize>,
    /// The predicted class of each image after the attack.
    #[serde(skip)]
    predicted: Vec<usize>,
    /// The adversarial images, `(images, features)`.
    #[serde(skip)]
    adversarial: Array2<f32>,
}

/// The loss increases under weight perturbations of one norm.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct SharpnessMeasurement {
    /// The perturbation's norm.
    pub rho: f64,
    /// The images that share one perturbation.
    pub scope: Scope,
    /// Mean over the test images.
    pub mean: f64,
    /// Median over the test images.
    pub median: f64,
}

/// All measurements of one model.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measurement {
    /// Test images classified correctly.
    pub correct: usize,
    /// Mean loss over the test images.
    pub test_loss: f64,
    /// One attack per epsilon.
    pub fgsm: Vec<FgsmMeasurement>,
    /// `‖∇ₓ ℓ‖₂` of each test image.
    pub input_gradient_norms: Vec<f64>,
    /// The true class's logit less the largest other one, of each test image.
    pub logit_margins: Vec<f64>,
    /// The loss increases for each norm, in both scopes.
    pub sharpness: Vec<SharpnessMeasurement>,
}

/// Measures a model on the test set. In the scope `batch`, `sharpness_batch` images share a perturbation.
///
/// # Errors
/// Returns [`RunError::Metrics`] or [`RunError::Attack`] if the images do not fit the network, a computed value is NaN or
/// infinite, or an epsilon or rho is out of its range.
pub fn measure(
    model: &dyn Differentiable<f32>,
    test: &TestSet,
    epsilons: &[f64],
    rhos: &[f64],
    sharpness_batch: usize,
) -> Result<Measurement, RunError> {
    let (images, labels) = (test.images.view(), test.labels.as_slice());
    let evaluation = metrics::evaluate(model, images, labels)?;
    let balls = epsilons.iter().map(|&e| Ball::linf(e)).collect::<Result<Vec<_>, _>>()?;
    let outcomes = Fgsm::default().run_many(model, images, labels, &balls)?;
    let fgsm = epsilons.iter().zip(outcomes).map(|(&epsilon, outcome)| FgsmMeasurement {
        epsilon,
        successes: outcome.successes(),
        flipped: (0..labels.len()).filter(|&i| outcome.success[i]).collect(),
        predicted: outcome.predicted_after,
        adversarial: outcome.adversarial,
    });
    let fgsm = fgsm.collect();
    let mut sharpness = Vec::new();
    for (scope, of) in
        [(Scope::Batch, metrics::Scope::Batch(sharpness_batch)), (Scope::Example, metrics::Scope::Example)]
    {
        for found in metrics::sharpness(model, images, labels, of, rhos)? {
            let summary = Summary::of(&found.increases)?;
            sharpness.push(SharpnessMeasurement { rho: found.rho, scope, mean: summary.mean, median: summary.median });
        }
    }
    Ok(Measurement {
        correct: evaluation.correct,
        test_loss: evaluation.mean_loss,
        fgsm,
        input_gradient_norms: metrics::input_gradient_norms(model, images, labels)?,
        logit_margins: metrics::logit_margins(model, images, labels)?,
        sharpness,
    })
}

impl Measurement {
    /// The first images of each class that are misclassified after the strongest attack, with their adversarial images. `model`
    /// must be the measured model.
    ///
    /// # Errors
    /// Returns [`RunError::Autodiff`] if the images do not fit the network.
    pub fn pairs(
        &self,
        optimizer: &str,
        model: &dyn Differentiable<f32>,
        test: &TestSet,
    ) -> Result<Vec<AdversarialExample>, RunError> {
        let Some(attack) = self.fgsm.iter().max_by(|a, b| a.epsilon.total_cmp(&b.epsilon)) else {
            return Ok(Vec::new());
        };
        let (mut classes, mut shown) = (Vec::new(), Vec::new());
        for &image in &attack.flipped {
            let label = test.labels[image];
            if shown.len() < PAIRS && !classes.contains(&label) {
                classes.push(label);
                shown.push(image);
            }
        }
        let probabilities = |images: &Array2<f32>| -> Result<Array2<f32>, RunError> {
            Ok(softmax(model.logits(images.select(Axis(0), &shown).view())?.view()))
        };
        let (before, after) = (probabilities(&test.images)?, probabilities(&attack.adversarial)?);
        let pairs = shown.iter().enumerate().map(|(row, &image)| {
            let (label, predicted) = (test.labels[image], attack.predicted[image]);
            AdversarialExample {
                original: test.images.row(image).to_vec(),
                adversarial: attack.adversarial.row(image).to_vec(),
                shape: test.shape,
                image,
                label,
                predicted,
                confidence_before: f64::from(before[[row, label]]),
                confidence_after: f64::from(after[[row, predicted]]),
                epsilon: attack.epsilon,
                optimizer: optimizer.to_owned(),
            }
        });
        Ok(pairs.collect())
    }
}
