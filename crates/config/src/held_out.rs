//! The training images of a preset, and the images that it holds out of training to validate models.

use crate::preset::Preset;
use minima_data::{Dataset, Splits};

/// The seed of the choice of held-out images. It is no run's seed: all runs of a preset hold out the same images.
const SEED: u64 = 0;

/// The training images of a preset, and the images that it holds out of training. All have their own labels.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingImages {
    /// The images to train on.
    pub train: Dataset,
    /// The held-out images; `None` if the preset holds out none.
    pub validation: Option<Dataset>,
}

impl TrainingImages {
    /// Holds out the preset's number of validation images, drawn at random from all training images. The images to train on are
    /// the first `train_images` of the others.
    #[must_use]
    pub fn of(preset: &Preset, data: &Splits) -> Self {
        let Self { train, validation } = Self::all(preset, data);
        Self { train: train.take(preset.train_images), validation }
    }

    /// All images that are not held out, and the held-out images.
    pub(crate) fn all(preset: &Preset, data: &Splits) -> Self {
        match preset.validation_images {
            0 => Self { train: data.train.clone(), validation: None },
            count => {
                let (train, held_out) = data.train.hold_out(count, SEED);
                Self { train, validation: Some(held_out) }
            }
        }
    }
}
