//! The images that a model is tested on.

use minima_data::Dataset;
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
}
