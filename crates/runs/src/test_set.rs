//! The images that a model is tested on.

use minima_config::TrainingImages;
use minima_config::preset::Preset;
use minima_data::{Dataset, Splits};
use minima_faults::{Fault, planted};
use ndarray::Array2;

/// The images that a model is tested on, as numbers in [0, 1].
#[derive(Clone, Debug)]
pub struct TestSet {
    /// `(images, features)`.
    pub images: Array2<f32>,
    /// The class of each image.
    pub labels: Vec<usize>,
    /// The shape (H, W, C) of an image.
    pub shape: [usize; 3],
}

impl TestSet {
    /// All images of a data set.
    #[must_use]
    pub fn new(data: &Dataset) -> Self {
        let (images, mut labels) = data.all();
        if planted(Fault::TestSetPoisoned) {
            labels.iter_mut().step_by(10).for_each(|label| *label = (*label + 1) % data.classes());
        }
        Self { images, labels, shape: data.shape() }
    }

    /// The training images that the preset holds out; `None` if it holds out none.
    #[must_use]
    pub fn validation(preset: &Preset, data: &Splits) -> Option<Self> {
        let held_out = (preset.validation_images > 0).then(|| TrainingImages::of(preset, data).validation);
        held_out.flatten().as_ref().map(Self::new)
    }
}
