//! Accuracy and loss on a test set.

use crate::MetricsError;
use crate::chunks::{IMAGES_AT_ONCE, chunks};
use crate::losses::losses;
use minima_autodiff::softmax_cross_entropy::count_correct;
use minima_autodiff::{Classifier, Scalar};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

/// How a network does on labelled images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Images whose label has the largest logit; of equal logits the first class counts.
    pub correct: usize,
    /// Images in all.
    pub count: usize,
    /// Mean softmax cross-entropy, in nats; NaN for a network that diverged.
    pub mean_loss: f64,
}

impl Evaluation {
    /// The share of images classified correctly, 0 to 1.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.count as f64
    }
}

/// Classifies images `(images, features)` and compares with their labels. An image with a NaN logit is not correct.
///
/// # Errors
/// When there are no images, they do not fit the network, there is not one label for each, or a label names no class.
pub fn evaluate<T: Scalar>(
    model: &dyn Classifier<T>,
    images: ArrayView2<'_, T>,
    labels: &[usize],
) -> Result<Evaluation, MetricsError> {
    if images.nrows() == 0 {
        return Err(MetricsError::Empty { what: "images" });
    }
    let (mut correct, mut total) = (0, 0.0);
    for (images, labels) in chunks(&images, labels, model.classes(), IMAGES_AT_ONCE)? {
        let logits = model.logits(images)?;
        correct += count_correct(logits.view(), labels);
        total = losses(logits.view(), labels).iter().fold(total, |sum, loss| sum + loss);
    }
    Ok(Evaluation { correct, count: labels.len(), mean_loss: total / labels.len() as f64 })
}
