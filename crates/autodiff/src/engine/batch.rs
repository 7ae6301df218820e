//! The images and labels of one step, and their loss.

use crate::AutodiffError;
use crate::loss::{Loss, PLAIN};
use ndarray::ArrayView2;

/// The images `(images, features)` of one step, with their labels and the loss that is to be minimized.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a, T> {
    images: ArrayView2<'a, T>,
    labels: &'a [usize],
    loss: &'a dyn Loss,
}

impl<'a, T> Batch<'a, T> {
    /// A batch of images with one label each, whose loss is the mean softmax cross-entropy.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if there is no image, or not one label for each image.
    pub fn new(images: ArrayView2<'a, T>, labels: &'a [usize]) -> Result<Self, AutodiffError> {
        Self::with_loss(images, labels, &PLAIN)
    }

    /// A batch of images with one label each, and its loss.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if there is no image, or not one label for each image.
    pub fn with_loss(
        images: ArrayView2<'a, T>,
        labels: &'a [usize],
        loss: &'a dyn Loss,
    ) -> Result<Self, AutodiffError> {
        if images.nrows() != labels.len() || labels.is_empty() {
            let expected = vec![images.nrows().max(1)];
            return Err(AutodiffError::Shape { what: "labels", found: vec![labels.len()], expected });
        }
        Ok(Self { images, labels, loss })
    }

    /// The images `(images, features)`.
    #[must_use]
    pub fn images(&self) -> ArrayView2<'a, T> {
        self.images
    }

    /// The labels, one for each image.
    #[must_use]
    pub fn labels(&self) -> &'a [usize] {
        self.labels
    }

    /// The loss.
    #[must_use]
    pub fn loss(&self) -> &'a dyn Loss {
        self.loss
    }

    /// The number of images.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a batch is never empty")]
    pub fn len(&self) -> usize {
        self.labels.len()
    }
}
