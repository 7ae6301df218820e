//! The training images of a preset, and the images that it holds out of training to validate models.

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
    /// Holds out this many images, drawn at random from all training images.
    pub(crate) fn holding_out(count: usize, data: &Splits) -> Self {
        if count == 0 {
            return Self { train: data.train.clone(), validation: None };
        }
        let (train, held_out) = data.train.hold_out(count, SEED);
        Self { train, validation: Some(held_out) }
    }
}
