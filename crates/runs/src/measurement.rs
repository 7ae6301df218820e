//! Measurements of a trained model: accuracy, FGSM, input gradients, margins, sharpness.

use crate::bits::Bits;
use crate::error::RunError;
use crate::first_order::FirstOrder;
use crate::test_set::TestSet;
use minima_autodiff::Differentiable;
use minima_autodiff::softmax_cross_entropy::softmax;
use minima_metrics::{self as metrics, Summary};
use minima_rows::{AdversarialExample, DistributionRow, FgsmRow, Quantity, Scope, SharpnessRow};
use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};

/// The number of pairs of an image and its adversarial version in figure 1.
const PAIRS: usize = 6;

/// One FGSM attack on the test set. Its images are not written to files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FgsmMeasurement {
    /// The radius.
    pub epsilon: f64,
    /// The images that are classified correctly before the attack and misclassified after it.
    pub misclassified: Bits,
    /// The class of each image after the attack.
    #[serde(skip)]
    predicted: Vec<usize>,
    /// The images after the attack, `(images, features)`.
    #[serde(skip)]
    adversarial: Array2<f32>,
}

/// The loss increases under weight perturbations of one norm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LossIncreases {
    /// The norm of the perturbation.
    pub rho: f64,
    /// The images that share one perturbation.
    pub scope: Scope,
    /// The increase for each test image; in the scope `batch` equal for all images of a batch.
    pub increases: Vec<f64>,
}

/// All measurements of one model, image by image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// The number of test images that are classified correctly.
    pub correct: usize,
    /// Which they are; empty if no attack was asked for.
    pub is_correct: Bits,
    /// The mean loss over all test images.
    pub test_loss: f64,
    /// One attack per epsilon.
    pub fgsm: Vec<FgsmMeasurement>,
    /// `‖∇ₓ ℓ‖₂` of each test image.
    pub input_gradient_norms: Vec<f64>,
    /// The true class's logit minus the largest other logit, of each test image.
    pub logit_margins: Vec<f64>,
    /// For each norm, both scopes.
    pub loss_increases: Vec<LossIncreases>,
}

/// The rows of one model in the tables.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeasuredRows {
    /// A row for each epsilon.
    pub fgsm: Vec<FgsmRow>,
    /// A row for each quantity.
    pub distributions: Vec<DistributionRow>,
    /// A row for each norm and scope.
    pub sharpness: Vec<SharpnessRow>,
}

/// Measures a model on the test set. In the scope `batch`, `sharpness_batch` images share a perturbation.
///
/// # Errors
/// Returns [`RunError::Attack`] if an epsilon is not a radius, and [`RunError::Metrics`] if a rho is not positive, the images do not
/// fit the network or a number is NaN or infinite.
pub fn measure(
    model: &dyn Differentiable<f32>,
    test: &TestSet,
    epsilons: &[f64],
    rhos: &[f64],
    sharpness_batch: usize,
) -> Result<Measurement, RunError> {
    let (images, labels) = (test.images.view(), test.labels.as_slice());
    let mut first_order = FirstOrder::of(model, images, labels, epsilons)?;
    let first = first_order.fgsm.first_mut();
    let is_correct = Bits(first.map_or_else(Vec::new, |first| std::mem::take(&mut first.clean_correct)));
    let fgsm = epsilons.iter().zip(first_order.fgsm).map(|(&epsilon, outcome)| FgsmMeasurement {
        epsilon,
        misclassified: Bits(outcome.success),
        predicted: outcome.predicted_after,
        adversarial: outcome.adversarial,
    });
    let fgsm = fgsm.collect();
    let mut loss_increases = Vec::new();
    for (scope, of) in
        [(Scope::Batch, metrics::Scope::Batch(sharpness_batch)), (Scope::Example, metrics::Scope::Example)]
    {
        let found = metrics::sharpness(model, images, labels, of, rhos)?;
        loss_increases.extend(found.into_iter().map(|f| LossIncreases { rho: f.rho, scope, increases: f.increases }));
    }
    Ok(Measurement {
        correct: first_order.evaluation.correct,
        is_correct,
        test_loss: first_order.evaluation.mean_loss,
        fgsm,
        input_gradient_norms: first_order.input_gradient_norms,
        logit_margins: first_order.logit_margins,
        loss_increases,
    })
}

impl Measurement {
    /// The rows of this model, trained by an optimizer on these labels from this seed.
    ///
    /// # Errors
    /// Returns [`RunError::Metrics`] if there is no test image.
    pub fn rows(&self, labels: &str, optimizer: &str, seed: u64) -> Result<MeasuredRows, RunError> {
        let mut rows = MeasuredRows::default();
        for attack in &self.fgsm {
            let (correct, successes) = (self.correct as u32, attack.misclassified.count() as u32);
            rows.fgsm.push(FgsmRow::new(labels, optimizer, seed, attack.epsilon, correct, successes));
        }
        for (quantity, values) in
            [(Quantity::InputGradientNorm, &self.input_gradient_norms), (Quantity::LogitMargin, &self.logit_margins)]
        {
            let summary = Summary::of(values)?;
            rows.distributions.push(DistributionRow::new(labels, optimizer, seed, quantity, &summary));
        }
        for LossIncreases { rho, scope, increases } in &self.loss_increases {
            let Summary { mean, median, .. } = Summary::of(increases)?;
            rows.sharpness.push(SharpnessRow::new(optimizer, seed, *rho, *scope, mean, median));
        }
        Ok(rows)
    }

    /// The first images that the strongest attack on `model`, the measured one, flips, each of another class, beside what
    /// became of them.
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
        for image in (0..test.labels.len()).filter(|&image| attack.misclassified.0.get(image) == Some(&true)) {
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
