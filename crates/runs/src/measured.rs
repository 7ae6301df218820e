//! Measurements of a stored run, cached in its folder. Equal settings are measured once.

use crate::bits::Bits;
use crate::brackets::{BracketOptions, bracketed};
use crate::certification::{Certified, certified};
use crate::error::RunError;
use crate::first_order::FirstOrder;
use crate::job::Job;
use crate::measurement::{Measurement, measure};
use crate::numerics;
use crate::robustness::is_attacked;
use crate::run_store::StoredRun;
use crate::spectra::spectra;
use crate::test_set::TestSet;
use minima_attacks::{Attack, Ball, Fgsm, Norm, Outcome};
use minima_autodiff::Model;
use minima_config::Run;
use minima_config::attack_catalogue::{Options, attack};
use minima_config::preset::Preset;
use minima_data::Splits;
use minima_metrics::{Summary, evaluate};
use minima_rows::{Certainty, CurvatureRow, LateAttackRow, PathRow};
use minima_store::cached;
use ndarray::{ArrayView2, Axis};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// FGSM's name in files.
pub const FGSM: &str = "fgsm";
/// The largest number of last epochs whose models are attacked.
const LATE_EPOCHS: u32 = 5;
/// The largest radius of a bracket, L∞. Attacks break nearly every image of a network without robust training there.
const WIDEST_BRACKET: f64 = 0.25;
/// The difference of radii at which the search for a bracket ends.
const BRACKET_RESOLUTION: f64 = 0.001;
/// The largest number of training images on which a path's loss is measured.
const PATH_TRAIN_IMAGES: usize = 10_000;

/// An attack on the model after one of the last epochs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LateAttack {
    /// The epoch, from 1.
    pub epoch: u32,
    /// `fgsm` on all test images, or `autoattack` on the first `attacked_images` of the preset.
    pub attack: String,
    /// The attack's radius, L∞.
    pub epsilon: f64,
    /// The number of images.
    pub images: u32,
    /// The number of images classified correctly before the attack.
    pub correct: u32,
    /// The number of images classified correctly before and after the attack.
    pub robust: u32,
    /// The images classified correctly before and after AutoAttack on the model of the last epoch; `None` for every other attack,
    /// of which only the counts are kept.
    pub robust_images: Option<Bits>,
}

impl LateAttack {
    /// The row of `late.csv` for a model of this run.
    #[must_use]
    pub fn row(&self, run: &Run) -> LateAttackRow {
        LateAttackRow {
            labels: run.labels.name().to_owned(),
            optimizer: run.optimizer.clone(),
            seed: run.seed,
            epoch: self.epoch,
            attack: self.attack.clone(),
            epsilon: self.epsilon,
            images: self.images,
            correct: self.correct,
            robust: self.robust,
        }
    }
}

/// The distances of images to the nearest misclassified image, each between a proof and an attack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Brackets {
    /// The largest radius that was attacked.
    pub widest: f64,
    /// Each image's largest proved radius; 0 if the image is misclassified.
    pub proved: Vec<f64>,
    /// Each image's smallest broken radius; 0 if the image is misclassified, and `None` if no attack broke it.
    pub broken: Vec<Option<f64>>,
}

impl Brackets {
    /// Each image's smallest broken radius, or the largest radius that was attacked.
    #[must_use]
    pub fn at_most(&self) -> Vec<f64> {
        self.broken.iter().map(|radius| radius.unwrap_or(self.widest)).collect()
    }
}

/// Measures the model at the end of a run: FGSM, input gradients, margins, loss increases.
///
/// # Errors
/// Returns the errors of [`StoredRun::last`], [`RunError::Metrics`] or [`RunError::Attack`] if a measurement fails, and
/// [`RunError::Seal`] if the cache cannot be written.
pub fn at_the_end(run: &StoredRun, preset: &Preset, test: &TestSet) -> Result<Measurement, RunError> {
    let settings = format!(
        "{}; epochs {}, images {}, epsilons {:?}, rhos {:?}, sharpness_batch {}",
        numerics::measurements(),
        run.epochs(),
        test.labels.len(),
        preset.epsilons,
        preset.rhos,
        preset.sharpness_batch
    );
    cached(&run.folder().join("end.json"), &settings, || {
        let model = run.last()?;
        measure(&model, test, &preset.epsilons, &preset.rhos, preset.sharpness_batch)
    })
}

/// Attacks the models of the last epochs with FGSM on all test images. Models of clean labels are also attacked with AutoAttack
/// on the first `attacked_images` images, at the largest radius of the preset, and after the last epoch at all its radii.
///
/// # Errors
/// Returns the errors of [`StoredRun::checkpoint`], [`RunError::Attack`] if an attack fails, and [`RunError::Seal`] if the cache
/// cannot be written.
pub fn late(run: &StoredRun, preset: &Preset, test: &TestSet) -> Result<Vec<LateAttack>, RunError> {
    let attacked = if is_attacked(run.run()) { preset.attacked_images.min(test.labels.len()) } else { 0 };
    let settings = format!(
        "{}; epochs {}, images {}, epsilons {:?}, attacked {attacked}, attack_epsilons {:?}, counts",
        numerics::measurements(),
        run.epochs(),
        test.labels.len(),
        preset.epsilons,
        preset.attack_epsilons
    );
    cached(&run.folder().join("late.json"), &settings, || {
        let (images, labels) = (test.images.view(), test.labels.as_slice());
        let some = images.slice_axis(Axis(0), (0..attacked).into());
        let some_labels = labels.get(..attacked).unwrap_or_default();
        let largest = preset.attack_epsilons.iter().copied().fold(0.0, f64::max);
        let auto_attack = attack("autoattack", Norm::Linf, &Options::default())?;
        let mut found = Vec::new();
        for epoch in late_epochs(run.epochs()) {
            let model = run.checkpoint(run.step_after(epoch))?;
            let row = |attack: &str, outcome: &Outcome<f32>, robust_images| LateAttack {
                epoch,
                attack: attack.to_owned(),
                epsilon: outcome.ball.epsilon(),
                images: outcome.clean_correct.len() as u32,
                correct: outcome.correct() as u32,
                robust: (outcome.correct() - outcome.successes()) as u32,
                robust_images,
            };
            found.extend(flips(&model, images, labels, &preset.epsilons)?.iter().map(|o| row(FGSM, o, None)));
            if attacked == 0 {
                continue;
            }
            for &epsilon in preset.attack_epsilons.iter().filter(|&&e| e == largest || epoch == run.epochs()) {
                let outcome = auto_attack.run(&model, some, some_labels, Ball::linf(epsilon)?)?;
                let images = outcome.clean_correct.iter().zip(&outcome.success);
                let robust = images.map(|(&correct, &flipped)| correct && !flipped).collect();
                found.push(row("autoattack", &outcome, (epoch == run.epochs()).then_some(Bits(robust))));
            }
        }
        Ok(found)
    })
}

/// The last epochs whose models are attacked: a third of all epochs, five at most.
fn late_epochs(epochs: u32) -> RangeInclusive<u32> {
    epochs.saturating_sub(LATE_EPOCHS.min(epochs.div_ceil(3))) + 1..=epochs
}

/// For each radius of the preset, the images among the first `certified_images` for which a proof was found that no image within the
/// radius is misclassified. Empty for models of poisoned labels, as for the stronger attacks.
///
/// # Errors
/// Returns the errors of [`StoredRun::last`], the errors of [`Certifier::certify`](crate::certification::Certifier::certify), and [`RunError::Seal`] if the cache cannot be
/// written.
pub fn proved(run: &StoredRun, preset: &Preset, test: &TestSet) -> Result<Vec<(f64, Bits)>, RunError> {
    if preset.certified_images == 0 || !is_attacked(run.run()) {
        return Ok(Vec::new());
    }
    let settings = format!(
        "{}, verify {}; epochs {}, images {}, epsilons {:?}, domains {}",
        numerics::measurements(),
        minima_verify::NUMERICS_VERSION,
        run.epochs(),
        preset.certified_images.min(test.labels.len()),
        preset.certified_epsilons,
        preset.certified_domains
    );
    cached(&run.folder().join("proved.json"), &settings, || {
        let found = certified(&run.last()?, preset, test)?;
        let proved = |found: &Certified| found.row.verdict == Certainty::Proved;
        Ok(found.iter().map(|(epsilon, images)| (*epsilon, Bits(images.iter().map(proved).collect()))).collect())
    })
}

/// The brackets of the first `certified_images` images, in L∞ up to the radius 0.25. Empty for models of poisoned labels, as for the
/// stronger attacks.
///
/// # Errors
/// Returns the errors of [`StoredRun::last`] and of [`bracketed`], and [`RunError::Seal`] if the cache cannot be written.
pub fn brackets(run: &StoredRun, preset: &Preset, test: &TestSet) -> Result<Brackets, RunError> {
    let mut found = Brackets { widest: WIDEST_BRACKET, proved: Vec::new(), broken: Vec::new() };
    if preset.certified_images == 0 || !is_attacked(run.run()) {
        return Ok(found);
    }
    let settings = format!(
        "{}, verify {}; epochs {}, images {}, up to {WIDEST_BRACKET}, resolution {BRACKET_RESOLUTION}, domains {}",
        numerics::measurements(),
        minima_verify::NUMERICS_VERSION,
        run.epochs(),
        preset.certified_images.min(test.labels.len()),
        preset.certified_domains
    );
    cached(&run.folder().join("brackets.json"), &settings, || {
        let options = BracketOptions { norm: Norm::Linf, most: WIDEST_BRACKET, resolution: BRACKET_RESOLUTION };
        for row in bracketed(&run.last()?, preset, test, &options)? {
            found.proved.push(row.proved);
            found.broken.push(row.broken);
        }
        Ok(found)
    })
}

/// The spectra of the model at the end of a run ([`spectra`]).
///
/// # Errors
/// Returns the errors of [`StoredRun::last`], of [`StoredRun::training_set`] and of [`spectra`], and [`RunError::Seal`] if the cache
/// cannot be written.
pub fn curvature(run: &StoredRun, job: &Job, preset: &Preset, data: &Splits) -> Result<Vec<CurvatureRow>, RunError> {
    let settings = format!("{}; epochs {}, images {}", numerics::measurements(), run.epochs(), preset.spectrum_images);
    cached(&run.folder().join("curvature.json"), &settings, || {
        Ok(spectra(run.run(), &run.last()?, preset, &run.training_set(job, data)?)?.curvature)
    })
}

/// Measures losses, accuracies, margins, input gradients and FGSM at each checkpoint of a run and each radius. The training loss is
/// measured on as many images as the test set has, on 10 000 at most.
///
/// # Errors
/// Returns the errors of [`StoredRun::checkpoint`], [`RunError::Data`] if the training set cannot be made, [`RunError::Metrics`]
/// or [`RunError::Attack`] if a measurement fails, and [`RunError::Seal`] if the cache cannot be written.
pub fn along_the_path(
    run: &StoredRun,
    job: &Job,
    preset: &Preset,
    data: &Splits,
    test: &TestSet,
) -> Result<Vec<PathRow>, RunError> {
    let steps = run.steps();
    let (epsilons, count) = (&preset.epsilons, test.labels.len());
    let of_training = count.min(PATH_TRAIN_IMAGES);
    let settings = format!(
        "{}; steps {steps:?}, images {count}, epsilons {epsilons:?}, training images {of_training}",
        numerics::measurements()
    );
    cached(&run.folder().join("path.json"), &settings, || {
        let (train_images, train_labels) = run.training_set(job, data)?.take(of_training).all::<f32>();
        let (images, labels) = (test.images.view(), test.labels.as_slice());
        let mut rows = Vec::new();
        for &step in &steps {
            let model = run.checkpoint(step)?;
            let trained = evaluate(&model, train_images.view(), &train_labels)?;
            let tested = FirstOrder::of(&model, images, labels, epsilons)?;
            let mean_margin = Summary::of(&tested.logit_margins)?.mean;
            let median_input_gradient_norm = Summary::of(&tested.input_gradient_norms)?.median;
            for outcome in &tested.fgsm {
                rows.push(PathRow {
                    labels: run.run().labels.name().to_owned(),
                    optimizer: run.run().optimizer.clone(),
                    seed: run.run().seed,
                    step,
                    train_loss: trained.mean_loss,
                    train_accuracy: trained.accuracy(),
                    test_loss: tested.evaluation.mean_loss,
                    test_accuracy: tested.evaluation.accuracy(),
                    mean_margin,
                    median_input_gradient_norm,
                    epsilon: outcome.ball.epsilon(),
                    correct: outcome.correct() as u32,
                    successes: outcome.successes() as u32,
                });
            }
        }
        Ok(rows)
    })
}

/// The outcome of FGSM at each radius.
///
/// # Errors
/// Returns [`RunError::Attack`] if a radius is out of its range or the attack fails.
pub fn flips(
    model: &Model<f32>,
    images: ArrayView2<'_, f32>,
    labels: &[usize],
    epsilons: &[f64],
) -> Result<Vec<Outcome<f32>>, RunError> {
    let balls = epsilons.iter().map(|&epsilon| Ball::linf(epsilon)).collect::<Result<Vec<_>, _>>()?;
    Ok(Fgsm::default().run_many(model, images, labels, &balls)?)
}

#[cfg(test)]
mod tests {
    use super::late_epochs;

    #[test]
    fn the_last_third_of_the_epochs_is_attacked() {
        let expected = [(1, 1..=1), (3, 3..=3), (4, 3..=4), (12, 9..=12), (15, 11..=15), (50, 46..=50)];
        for (epochs, late) in expected {
            assert_eq!(late_epochs(epochs), late, "{epochs}");
        }
    }
}
