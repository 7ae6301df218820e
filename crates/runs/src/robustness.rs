//! Robust accuracy under stronger attacks than FGSM, and checks for masked gradients.

use crate::error::RunError;
use crate::test_set::TestSet;
use minima_attacks::{Attack, Ball, Norm, TransferMatrix, gradient_masking_among};
use minima_autodiff::{Classifier, Differentiable, Model};
use minima_config::Labels;
use minima_config::Run;
use minima_config::attack_catalogue::{Options, attack};
use minima_config::preset::Preset;
use minima_rows::{MaskingRow, RobustnessRow, TransferRow};
use ndarray::{ArrayView2, Axis};
use serde::{Deserialize, Serialize};

/// The attacks of the curves.
pub const CURVES: [&str; 2] = ["fgsm", "pgd"];
/// The attack whose adversarial images are transferred to other models.
const TRANSFERRED: &str = "pgd";

/// The robustness of one model under the stronger attacks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Robustness {
    /// The rows of the preset's attacks at its radii.
    pub table: Vec<RobustnessRow>,
    /// The rows of [`CURVES`] at the radii of the curves.
    pub curves: Vec<RobustnessRow>,
}

/// The first `attacked_images` test images and their labels.
fn attacked<'t>(preset: &Preset, test: &'t TestSet) -> (ArrayView2<'t, f32>, &'t [usize]) {
    let count = preset.attacked_images.min(test.labels.len());
    (test.images.slice_axis(Axis(0), (0..count).into()), &test.labels[..count])
}

/// Runs the preset's attacks on a model. Empty if `attacked_images` is 0.
///
/// # Errors
/// Returns [`RunError::Attack`] if an attack fails.
pub fn robustness(
    run: &Run,
    model: &dyn Differentiable<f32>,
    preset: &Preset,
    test: &TestSet,
) -> Result<Robustness, RunError> {
    let (images, labels) = attacked(preset, test);
    let mut found = Robustness::default();
    if labels.is_empty() {
        return Ok(found);
    }
    let model: &dyn Classifier<f32> = model;
    let table: Vec<&str> = preset.attacks.iter().map(String::as_str).collect();
    for (names, epsilons, rows) in [
        (&table[..], &preset.attack_epsilons, &mut found.table),
        (&CURVES[..], &preset.curve_epsilons, &mut found.curves),
    ] {
        for name in names {
            let attack = attack(name, Norm::Linf, &Options::default())?;
            for &epsilon in epsilons {
                rows.push(row(run, attack.as_ref(), model, images, labels, epsilon)?);
            }
        }
    }
    Ok(found)
}

/// Runs the checks for masked gradients on each attacked model. One check transfers adversarial images from the other models.
///
/// # Errors
/// Returns [`RunError::Attack`] if an attack fails.
pub fn masking(models: &[(Run, Model<f32>)], preset: &Preset, test: &TestSet) -> Result<Vec<MaskingRow>, RunError> {
    let (images, labels) = attacked(preset, test);
    let mut rows = Vec::new();
    if labels.is_empty() {
        return Ok(rows);
    }
    let ball = Ball::linf(strongest(preset))?;
    for (run, model) in models.iter().filter(|(run, _)| is_attacked(run)) {
        let others: Vec<&dyn Classifier<f32>> =
            models.iter().filter(|(other, _)| other != run && other.seed == run.seed).map(|(_, m)| m as _).collect();
        for check in gradient_masking_among(model, &others, images, labels, ball)?.checks {
            rows.push(MaskingRow {
                labels: run.labels.name().to_owned(),
                optimizer: run.optimizer.clone(),
                seed: run.seed,
                check: check.name.to_owned(),
                verdict: check.verdict.to_string(),
                evidence: check.evidence,
            });
        }
    }
    Ok(rows)
}

/// Whether the stronger attacks are run on this model: only models trained on clean labels, as in table 3.
#[must_use]
pub fn is_attacked(run: &Run) -> bool {
    run.labels == Labels::Clean
}

fn strongest(preset: &Preset) -> f64 {
    preset.attack_epsilons.iter().copied().fold(0.0, f64::max)
}

fn row(
    run: &Run,
    attack: &dyn Attack<f32>,
    model: &dyn Classifier<f32>,
    images: ArrayView2<'_, f32>,
    labels: &[usize],
    epsilon: f64,
) -> Result<RobustnessRow, RunError> {
    let outcome = attack.run(model, images, labels, Ball::linf(epsilon)?)?;
    Ok(RobustnessRow {
        labels: run.labels.name().to_owned(),
        optimizer: run.optimizer.clone(),
        seed: run.seed,
        attack: attack.name().to_owned(),
        norm: Norm::Linf.to_string(),
        epsilon,
        images: labels.len() as u32,
        correct: outcome.correct() as u32,
        successes: outcome.successes() as u32,
        robust: outcome.robust() as u32,
    })
}

/// Transfers the adversarial images of each model, after all steps of the attack, to each model. Returns one row per pair of
/// models.
///
/// # Errors
/// Returns [`RunError::Attack`] if an attack fails.
pub fn transfer(models: &[(Run, Model<f32>)], preset: &Preset, test: &TestSet) -> Result<Vec<TransferRow>, RunError> {
    let (images, labels) = attacked(preset, test);
    let epsilon = strongest(preset);
    let mut rows = Vec::new();
    if labels.is_empty() {
        return Ok(rows);
    }
    let attack = attack(TRANSFERRED, Norm::Linf, &Options::default())?;
    let all: Vec<&dyn Classifier<f32>> = models.iter().map(|(_, model)| model as _).collect();
    let matrix = TransferMatrix::measure(attack.as_ref(), &all, &all, images, labels, Ball::linf(epsilon)?)?;
    for ((source, _), cells) in models.iter().zip(matrix.cells.outer_iter()) {
        for ((target, _), cell) in models.iter().zip(cells) {
            rows.push(TransferRow {
                source: source.name(),
                target: target.name(),
                attack: matrix.attack.to_owned(),
                epsilon,
                correct: cell.correct as u32,
                both_correct: cell.both_correct as u32,
                successes: cell.successes as u32,
            });
        }
    }
    Ok(rows)
}
