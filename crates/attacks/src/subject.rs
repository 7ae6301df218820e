//! The input of an attack: a network, images and labels, checked once.

use crate::AttackError;
use crate::checked_model::{Answer, CheckedModel};
use crate::input::check_pixels;
use crate::passes::Passes;
use minima_autodiff::softmax_cross_entropy::check_labels;
use minima_autodiff::{Classifier, Scalar};
use ndarray::{Array2, ArrayView2};

/// A network with matching images and labels, and its output for the images.
pub(crate) struct Subject<'a, T> {
    pub model: CheckedModel<'a, T>,
    /// `(images, features)`, pixels in 0 to 1.
    pub images: ArrayView2<'a, T>,
    pub labels: &'a [usize],
    /// Logits of the original images, `(images, classes)`.
    pub logits: Array2<T>,
    /// The class of each original image.
    pub predicted: Vec<usize>,
}

impl<'a, T: Scalar> Subject<'a, T> {
    /// Checks the input and classifies the images.
    ///
    /// # Errors
    /// Returns the errors of [`Attack::run`](crate::Attack::run) that concern its input.
    pub(crate) fn new(
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

    /// Which original images are classified correctly.
    pub(crate) fn clean_correct(&self) -> Vec<bool> {
        self.predicted.iter().zip(self.labels).map(|(p, y)| p == y).collect()
    }

    /// The passes made by [`new`](Self::new).
    pub(crate) fn passes(&self) -> Passes {
        Passes { gradients: 0, forwards: self.labels.len() }
    }
}
