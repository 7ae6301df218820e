//! Accuracy and loss on a test set.

use crate::MetricsError;
use crate::chunks::{IMAGES_AT_ONCE, chunks};
use crate::losses::losses;
use minima_autodiff::softmax_cross_entropy::count_correct;
use minima_autodiff::{AutodiffError, Classifier, Differentiable, Scalar};
use ndarray::{Array2, ArrayView2};
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

    /// Fails where the loss is infinite or not a number; `place` says which of several evaluations it is.
    pub(crate) fn check_finite(&self, place: usize) -> Result<(), MetricsError> {
        let found = self.mean_loss;
        if found.is_finite() {
            Ok(())
        } else {
            Err(MetricsError::NotFinite { what: "mean loss at point", place, found })
        }
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
    of_logits(&|images| model.logits(images), model.classes(), images, labels)
}

/// As [`evaluate`], of the model's network with other parameters.
///
/// # Errors
/// As [`evaluate`], and when there are not as many parameters as the network has.
pub(crate) fn evaluate_at<T: Scalar>(
    model: &dyn Differentiable<T>,
    params: &[T],
    images: ArrayView2<'_, T>,
    labels: &[usize],
) -> Result<Evaluation, MetricsError> {
    of_logits(&|images| model.logits_at(params, images), model.graph().classes(), images, labels)
}

/// Logits `(images, classes)` of images `(images, features)`.
type LogitsOf<'a, T> = dyn Fn(ArrayView2<'_, T>) -> Result<Array2<T>, AutodiffError> + 'a;

fn of_logits<T: Scalar>(
    logits: &LogitsOf<'_, T>,
    classes: usize,
    images: ArrayView2<'_, T>,
    labels: &[usize],
) -> Result<Evaluation, MetricsError> {
    if images.nrows() == 0 {
        return Err(MetricsError::Empty { what: "images" });
    }
    let (mut correct, mut total) = (0, 0.0);
    for (images, labels) in chunks(&images, labels, classes, IMAGES_AT_ONCE)? {
        let logits = logits(images)?;
        correct += count_correct(logits.view(), labels);
        total = losses(logits.view(), labels).iter().fold(total, |sum, loss| sum + loss);
    }
    Ok(Evaluation { correct, count: labels.len(), mean_loss: total / labels.len() as f64 })
}
