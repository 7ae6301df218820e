//! One run of a preset: a model to train, with its labels, optimizer and seed.

use crate::held_out::TrainingImages;
use crate::labels::Labels;
use crate::preset::{Flips, Preset};
use minima_data::{DataError, Dataset, Splits, poison, poison_targeted};
use minima_faults::{Fault, planted};

/// One run of a preset: a model to train.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The labels that the model is trained on.
    pub labels: Labels,
    /// The optimizer's name in the preset.
    pub optimizer: String,
    /// The seed of the initial weights, the order of samples and the poisoning.
    pub seed: u64,
}

impl Run {
    /// `{labels}-{optimizer}-{seed}`, the name of the run's files.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}-{}-{}", self.labels.name(), self.optimizer, self.seed)
    }

    /// All runs of a preset, in the order of execution.
    #[must_use]
    pub fn all(preset: &Preset) -> Vec<Self> {
        let mut runs = Vec::new();
        for &seed in &preset.seeds {
            for &labels in &preset.labels {
                for name in preset.optimizer_names() {
                    if preset.optimizers.get(name).is_some_and(|own| own.spec.trains_on(labels)) {
                        runs.push(Self { labels, optimizer: name.to_owned(), seed });
                    }
                }
            }
        }
        runs
    }
}

impl TrainingImages {
    /// Holds out the preset's number of validation images, drawn at random from all training images. The images to train on are
    /// the first `train_images` of the others.
    #[must_use]
    pub fn of(preset: &Preset, data: &Splits) -> Self {
        let Self { train, validation } = Self::holding_out(preset.validation_images, data);
        Self { train: train.take(preset.train_images), validation }
    }
}

/// The training set of a run: the preset's number of training images, with poisoned labels if the run has them. It has no image
/// that the preset holds out.
///
/// # Errors
/// Returns [`DataError`] if the share of wrong labels is not between 0 and 1.
pub fn training_set(preset: &Preset, run: &Run, data: &Splits) -> Result<Dataset, DataError> {
    let TrainingImages { train, .. } = TrainingImages::of(preset, data);
    match run.labels {
        _ if planted(Fault::PoisonForgotten) => Ok(train),
        Labels::Clean => Ok(train),
        Labels::Poisoned => {
            let (labels, classes, rate) = (train.labels(), train.classes(), preset.poison_rate);
            let poisoned = match preset.poison_flips {
                Flips::Uniform => poison(labels, classes, rate, run.seed)?,
                Flips::Targeted { from, to } => poison_targeted(labels, classes, from, to, rate, run.seed)?,
            };
            Ok(train.with_labels(poisoned.labels)?)
        }
    }
}
