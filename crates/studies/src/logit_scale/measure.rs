//! Measurements of one model, as trained and with scaled logits.

use crate::error::StudyError;
use minima_attacks::{Ball, Fgsm};
use minima_autodiff::Model;
use minima_autodiff::softmax_cross_entropy::{loss, predicted};
use minima_config::Run;
use minima_config::preset::Preset;
use minima_metrics::{Scope, Summary, margins_of_logits, norms_of_gradients, sharpness, with_scaled_logits};
use minima_rows::{LogitDecisionRow, LogitScaleRow, ScaledQuantity};
use minima_runs::TestSet;

/// The measurements of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// One row per quantity and norm of a perturbation.
    pub rows: Vec<LogitScaleRow>,
    /// One row per FGSM step.
    pub decisions: Vec<LogitDecisionRow>,
}

/// The factors by which to multiply the logits of each model, so that all models of a group have the same mean margin. A factor
/// is the mean of the group's mean margins over the model's own. A model whose mean margin is not positive has no factor and is
/// excluded from the group's mean.
#[must_use]
pub fn common_factors<G: PartialEq>(groups: &[G], margins: &[f64]) -> Vec<Option<f64>> {
    let usable = |margin: f64| margin.is_finite() && margin > 0.0;
    let of = |(group, &margin): (&G, &f64)| {
        let own = groups.iter().zip(margins).filter(|(other, margin)| *other == group && usable(**margin));
        let (sum, count) = own.fold((0.0, 0.0), |(sum, count), (_, margin)| (sum + margin, count + 1.0));
        usable(margin).then(|| sum / count / margin)
    };
    groups.iter().zip(margins).map(of).collect()
}

/// Measures a model's test loss, input gradients, margins and loss increases (scope `batch`), before and after its logits are
/// multiplied.
///
/// # Errors
/// Returns [`StudyError::Run`] if the factor is not positive, the images do not fit the network, or a computed value is NaN or
/// infinite.
pub fn measure(
    run: &Run,
    model: &Model<f32>,
    factor: f64,
    test: &TestSet,
    preset: &Preset,
) -> Result<Measured, StudyError> {
    let scaled = with_scaled_logits(model, factor)?;
    let (before, after) = (Numbers::of(model, test, preset)?, Numbers::of(&scaled, test, preset)?);
    let rows = before.quantities.iter().zip(&after.quantities).map(|(before, after)| LogitScaleRow {
        labels: run.labels.name().to_owned(),
        optimizer: run.optimizer.clone(),
        seed: run.seed,
        factor,
        quantity: before.quantity,
        rho: before.rho,
        mean_before: before.mean,
        median_before: before.median,
        mean_after: after.mean,
        median_after: after.median,
    });
    let successes = |flips: &[bool]| flips.iter().filter(|&&flipped| flipped).count() as u32;
    let attacks = preset.epsilons.iter().zip(before.flips.iter().zip(&after.flips));
    let decisions = attacks.map(|(&epsilon, (was, is))| LogitDecisionRow {
        labels: run.labels.name().to_owned(),
        optimizer: run.optimizer.clone(),
        seed: run.seed,
        factor,
        images: test.labels.len() as u32,
        classes_changed: differing(&before.classes, &after.classes),
        zero_gradients_before: before.zero_gradients,
        zero_gradients_after: after.zero_gradients,
        epsilon,
        successes_before: successes(was),
        successes_after: successes(is),
        flips_changed: differing(was, is),
    });
    Ok(Measured { rows: rows.collect(), decisions: decisions.collect() })
}

fn differing<A: PartialEq>(before: &[A], after: &[A]) -> u32 {
    before.iter().zip(after).filter(|(a, b)| a != b).count() as u32
}

/// One quantity over the test images.
struct Quantity {
    quantity: ScaledQuantity,
    rho: Option<f64>,
    mean: f64,
    median: f64,
}

/// A model's numbers at one scale.
struct Numbers {
    quantities: Vec<Quantity>,
    classes: Vec<Option<usize>>,
    zero_gradients: u32,
    /// For each FGSM step, which images are misclassified after it.
    flips: Vec<Vec<bool>>,
}

impl Numbers {
    fn of(model: &Model<f32>, test: &TestSet, preset: &Preset) -> Result<Self, StudyError> {
        let (images, labels) = (test.images.view(), test.labels.as_slice());
        let mut quantities = Vec::new();
        let mut add = |quantity, rho, values: &[f64]| -> Result<(), StudyError> {
            let Summary { mean, median, .. } = Summary::of(values)?;
            quantities.push(Quantity { quantity, rho, mean, median });
            Ok(())
        };
        let shared = Fgsm::default().gradients(model, images, labels)?;
        let gradient_norms = norms_of_gradients(shared.gradients())?;
        add(ScaledQuantity::InputGradientNorm, None, &gradient_norms)?;
        let logits = shared.logits();
        add(ScaledQuantity::LogitMargin, None, &margins_of_logits(logits, labels)?)?;
        for found in sharpness(model, images, labels, Scope::Batch(preset.sharpness_batch), &preset.rhos)? {
            add(ScaledQuantity::LossIncrease, Some(found.rho), &found.increases)?;
        }
        // In f64, because most losses are smaller than the rounding of a logarithm in f32.
        let rows = logits.outer_iter().zip(labels);
        let losses = rows.map(|(row, &label)| loss(&row.iter().map(|&a| f64::from(a)).collect::<Vec<_>>(), label));
        add(ScaledQuantity::TestLoss, None, &losses.collect::<Vec<_>>())?;
        let outcome = |&epsilon: &f64| shared.step(Ball::linf(epsilon)?);
        let outcomes = preset.epsilons.iter().map(outcome).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            quantities,
            classes: logits.outer_iter().map(predicted).collect(),
            zero_gradients: gradient_norms.iter().filter(|&&norm| norm == 0.0).count() as u32,
            flips: outcomes.into_iter().map(|outcome| outcome.success).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_groups_models_come_to_one_margin() {
        let (groups, margins) = (["a", "b", "a", "a", "b", "a"], [2.0, 5.0, 8.0, -1.0, 3.0, f64::NAN]);
        let factors = common_factors(&groups, &margins);
        assert_eq!(factors, [Some(2.5), Some(0.8), Some(0.625), None, Some(4.0 / 3.0), None]);
        assert!(common_factors::<u8>(&[], &[]).is_empty());
    }
}
