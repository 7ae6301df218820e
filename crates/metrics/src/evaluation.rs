//! Accuracy and loss on a test set.

use crate::MetricsError;
use crate::chunks::{IMAGES_AT_ONCE, chunks};
use minima_autodiff::softmax_cross_entropy::count_correct;
use minima_autodiff::{AutodiffError, Classifier, Differentiable, Loss, Scalar, SoftmaxCrossEntropy};
use ndarray::{Array2, ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};

/// The performance of a network on labelled images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The number of images whose label has the largest logit; of equal logits, the first class counts.
    pub correct: usize,
    /// The total number of images.
    pub count: usize,
    /// The mean loss: softmax cross-entropy in nats, unless [`evaluate_with_loss`] was given another; NaN for a diverged
    /// network.
    pub mean_loss: f64,
}

impl Evaluation {
    /// The share of images classified correctly, 0 to 1.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.count as f64
    }

    /// Returns [`MetricsError::NotFinite`] if the loss is infinite or NaN. `place` is the index among several
    /// evaluations.
    pub(crate) fn check_finite(&self, place: usize) -> Result<(), MetricsError> {
        let found = self.mean_loss;
        if found.is_finite() {
            Ok(())
        } else {
            Err(MetricsError::NotFinite { what: "mean loss at point", place, found })
        }
    }
}

/// Classifies images `(images, features)` and compares the classes with their labels. An image with a NaN logit is not
/// correct.
///
/// # Errors
/// Returns [`MetricsError::Empty`] if there are no images, and [`MetricsError::Autodiff`] if the images do not fit the
/// network, if the number of labels is wrong, or if a label is not a class.
pub fn evaluate<T: Scalar>(
    model: &dyn Classifier<T>,
    images: ArrayView2<'_, T>,
    labels: &[usize],
) -> Result<Evaluation, MetricsError> {
    evaluate_with_loss(model, images, labels, &SoftmaxCrossEntropy::default())
}

/// Runs [`evaluate`] with another loss. The mean loss is the sum of the images' losses divided by the
/// [total weight](Loss::total_weight) of all labels.
///
/// # Errors
/// Returns the errors of [`evaluate`], and [`MetricsError::Autodiff`] with the errors of [`Loss::check`].
pub fn evaluate_with_loss<T: Scalar>(
    model: &dyn Classifier<T>,
    images: ArrayView2<'_, T>,
    labels: &[usize],
    loss: &dyn Loss,
) -> Result<Evaluation, MetricsError> {
    of_logits(&|images| model.logits(images), model.classes(), images, labels, loss)
}

/// Computes the evaluation of [`evaluate`] from given logits `(images, classes)`.
///
/// # Errors
/// Returns [`MetricsError::Empty`] if there are no images, and [`MetricsError::Autodiff`] if the number of labels is wrong or if
/// a label is not a class.
pub fn evaluation_of_logits<T: Scalar>(
    logits: ArrayView2<'_, T>,
    labels: &[usize],
) -> Result<Evaluation, MetricsError> {
    let given = |rows: ArrayView2<'_, T>| Ok(rows.to_owned());
    of_logits(&given, logits.ncols(), logits, labels, &SoftmaxCrossEntropy::default())
}

/// Runs [`evaluate`] on the model's network with other parameters.
///
/// # Errors
/// Returns the errors of [`evaluate`], and [`MetricsError::Autodiff`] if the number of parameters is wrong.
pub(crate) fn evaluate_at<T: Scalar>(
    model: &dyn Differentiable<T>,
    params: &[T],
    images: ArrayView2<'_, T>,
    labels: &[usize],
) -> Result<Evaluation, MetricsError> {
    let logits = |images: ArrayView2<'_, T>| model.logits_at(params, images);
    of_logits(&logits, model.graph().classes(), images, labels, &SoftmaxCrossEntropy::default())
}

/// A function from images `(images, features)` to logits `(images, classes)`.
type LogitsOf<'a, T> = dyn Fn(ArrayView2<'_, T>) -> Result<Array2<T>, AutodiffError> + 'a;

fn of_logits<T: Scalar>(
    logits: &LogitsOf<'_, T>,
    classes: usize,
    images: ArrayView2<'_, T>,
    labels: &[usize],
    loss: &dyn Loss,
) -> Result<Evaluation, MetricsError> {
    if images.nrows() == 0 {
        return Err(MetricsError::Empty { what: "images" });
    }
    loss.check(labels, images.nrows(), classes)?;
    let (mut correct, mut total) = (0, 0.0);
    for (images, labels) in chunks(&images, labels, classes, IMAGES_AT_ONCE)? {
        let logits = logits(images)?;
        correct += count_correct(logits.view(), labels);
        total = losses(logits.view(), labels, loss).iter().fold(total, |sum, loss| sum + loss);
    }
    Ok(Evaluation { correct, count: labels.len(), mean_loss: total / loss.total_weight(labels) })
}

/// The loss of one image's logits, in double precision. Sharpness is a difference of nearly equal losses, and the
/// rounding of a single-precision logarithm is as large as the losses of images far from the boundary.
pub(crate) fn image_loss<T: Scalar>(logits: ArrayView1<'_, T>, label: usize, loss: &dyn Loss) -> f64 {
    let logits: Vec<f64> = logits.iter().map(|a| a.as_f64()).collect();
    loss.of::<f64>().value(&logits, label)
}

/// The loss of each row of logits `(images, classes)`.
pub(crate) fn losses<T: Scalar>(logits: ArrayView2<'_, T>, labels: &[usize], loss: &dyn Loss) -> Vec<f64> {
    logits.outer_iter().zip(labels).map(|(row, &label)| image_loss(row, label, loss)).collect()
}
