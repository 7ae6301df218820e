//! What is attacked: a network and the images it is shown, checked once.

use crate::checked_model::{Answer, CheckedModel};
use crate::input::check_pixels;
use crate::{AttackError, Passes};
use minima_autodiff::softmax_cross_entropy::check_labels;
use minima_autodiff::{Classifier, Scalar};
use ndarray::{Array2, ArrayView2};

/// A network, images and labels that fit each other, and what the network says of the images.
pub(crate) struct Subject<'a, T> {
    pub model: CheckedModel<'a, T>,
    /// `(images, features)`, pixels in 0 to 1.
    pub images: ArrayView2<'a, T>,
    pub labels: &'a [usize],
    /// Logits of the images as they are, `(images, classes)`.
    pub logits: Array2<T>,
    /// Each image's class as it is.
    pub predicted: Vec<usize>,
}

impl<'a, T: Scalar> Subject<'a, T> {
    /// Checks the input and classifies the images.
    ///
    /// # Errors
    /// Returns the errors of [`Attack::run`](crate::Attack::run) that concern its input.
    pub fn new(
        model: &'a dyn Classifier<T>,
        images: ArrayView2<'a, T>,
        labels: &'a [usize],
    ) -> Result<Self, AttackError> {
        check_labels(labels, images.nrows(), model.classes())?;
        check_pixels(images)?;
        let model = CheckedModel::new(model);
        let Answer { logits, predicted } = model.logits(images)?;
        Ok(Self { model, images, labels, logits, predicted })
    }

    /// Which images are classified correctly as they are.
    pub fn clean_correct(&self) -> Vec<bool> {
        self.predicted.iter().zip(self.labels).map(|(p, y)| p == y).collect()
    }

    /// The passes that [`new`](Self::new) took.
    pub fn passes(&self) -> Passes {
        Passes { gradients: 0, forwards: self.labels.len() }
    }
}
