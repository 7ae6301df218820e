//! The quantities that claims compare, measured for each model on the test set and on resamples of it.

use super::options::ClaimOptions;
use super::outcome::ModelOutcome;
use crate::error::StudyError;
use minima_metrics::MetricsError;
use minima_metrics::statistics::{ImageResamples, ImageStatistic, Median, Resampled, Share};
use minima_rng::Key;
use minima_rows::ClaimQuantity;
use std::collections::BTreeMap;

/// Identifies one number of a model: the quantity, the attack if it is not FGSM, and the radius or norm.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Subject {
    pub(super) quantity: ClaimQuantity,
    pub(super) attack: String,
    pub(super) at: Option<f64>,
}

impl Subject {
    fn new(quantity: ClaimQuantity, at: Option<f64>) -> Self {
        Self { quantity, attack: String::new(), at }
    }

    /// The name of the quantity, with its unit.
    pub(super) fn name(&self) -> String {
        match self.quantity {
            ClaimQuantity::FgsmSuccessRate => "FGSM success rate (share of correct images)".to_owned(),
            ClaimQuantity::AttackSuccessRate => format!("{} success rate (share of correct images)", self.attack),
            ClaimQuantity::ProvedShare => "proved images (share of correct images)".to_owned(),
            ClaimQuantity::MedianInputGradientNorm => "median input-gradient norm (loss per unit of pixels)".to_owned(),
            ClaimQuantity::MedianLogitMargin => "median logit margin (logits)".to_owned(),
            ClaimQuantity::MedianLossIncrease => "median loss increase (nats)".to_owned(),
            ClaimQuantity::TestAccuracy => "test accuracy (share of images)".to_owned(),
        }
    }
}

/// One model's numbers.
pub(super) struct Measured<'a> {
    pub(super) labels: &'a str,
    pub(super) optimizer: &'a str,
    pub(super) seed: u64,
    pub(super) numbers: Vec<(Subject, Resampled)>,
}

impl Measured<'_> {
    /// This number, if the model has it.
    pub(super) fn number(&self, subject: &Subject) -> Option<&Resampled> {
        self.numbers.iter().find(|(own, _)| own == subject).map(|(_, number)| number)
    }
}

/// Measures all models on the same resamples.
pub(super) fn measure<'a>(
    outcomes: &'a [ModelOutcome],
    options: &ClaimOptions,
) -> Result<Vec<Measured<'a>>, StudyError> {
    let mut draws = Draws { options, made: BTreeMap::new() };
    let mut measured = Vec::with_capacity(outcomes.len());
    for outcome in outcomes {
        same_images(outcome, outcomes)?;
        measured.push(Measured {
            labels: &outcome.labels,
            optimizer: &outcome.optimizer,
            seed: outcome.seed,
            numbers: numbers(outcome, &mut draws)?,
        });
    }
    Ok(measured)
}

/// Returns [`MetricsError::Resamples`] if a model has another number of test images than the first model.
fn same_images(outcome: &ModelOutcome, outcomes: &[ModelOutcome]) -> Result<(), MetricsError> {
    let expected = outcomes.first().map_or(0, |first| first.correct.len());
    let found = outcome.correct.len();
    if found == expected { Ok(()) } else { Err(MetricsError::Resamples { found, expected }) }
}

/// The resamples, by the number of images and of images in a batch. All models use the same resamples.
struct Draws<'a> {
    options: &'a ClaimOptions,
    made: BTreeMap<(usize, usize), ImageResamples>,
}

impl Draws<'_> {
    fn resampled(&mut self, statistic: &dyn ImageStatistic, batch: usize) -> Result<Resampled, MetricsError> {
        let images = statistic.images();
        let resamples = self.made.entry((images, batch)).or_insert_with(|| {
            ImageResamples::of_batches(Key::new(self.options.seed), images, batch, self.options.draws)
        });
        Resampled::of(statistic, resamples)
    }
}

fn numbers(outcome: &ModelOutcome, draws: &mut Draws<'_>) -> Result<Vec<(Subject, Resampled)>, MetricsError> {
    let mut numbers = Vec::new();
    let correct = outcome.correct.as_slice();
    if !correct.is_empty() {
        let accuracy = draws.resampled(&Share::of_all(correct), 1)?;
        numbers.push((Subject::new(ClaimQuantity::TestAccuracy, None), accuracy));
    }
    for (epsilon, flipped) in &outcome.flipped {
        // A model without correctly classified images has no success rate.
        if correct.contains(&true) {
            let rate = draws.resampled(&Share::of_those(flipped, correct)?, 1)?;
            numbers.push((Subject::new(ClaimQuantity::FgsmSuccessRate, Some(*epsilon)), rate));
        }
    }
    for (attack, epsilon, robust) in &outcome.robust {
        let first = correct.get(..robust.len()).unwrap_or(correct);
        if first.contains(&true) {
            let broken: Vec<bool> = robust.iter().map(|robust| !robust).collect();
            let rate = draws.resampled(&Share::of_those(&broken, first)?, 1)?;
            let quantity = ClaimQuantity::AttackSuccessRate;
            numbers.push((Subject { quantity, attack: attack.clone(), at: Some(*epsilon) }, rate));
        }
    }
    for (epsilon, proved) in &outcome.proved {
        let first = correct.get(..proved.len()).unwrap_or(correct);
        if first.contains(&true) {
            let share = draws.resampled(&Share::of_those(proved, first)?, 1)?;
            numbers.push((Subject::new(ClaimQuantity::ProvedShare, Some(*epsilon)), share));
        }
    }
    for (quantity, values) in [
        (ClaimQuantity::MedianInputGradientNorm, &outcome.input_gradient_norms),
        (ClaimQuantity::MedianLogitMargin, &outcome.logit_margins),
    ] {
        if !values.is_empty() {
            numbers.push((Subject::new(quantity, None), draws.resampled(&Median::of(values)?, 1)?));
        }
    }
    for (rho, increases) in outcome.loss_increases.iter().filter(|(_, increases)| !increases.is_empty()) {
        // All images of a batch have the same value, so whole batches are drawn.
        let median = draws.resampled(&Median::of(increases)?, draws.options.sharpness_batch)?;
        numbers.push((Subject::new(ClaimQuantity::MedianLossIncrease, Some(*rho)), median));
    }
    Ok(numbers)
}
