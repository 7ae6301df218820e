//! Losses: what a network's logits cost for given labels, and how that cost changes with the logits.
//!
//! A [`Loss`] knows its value, its gradient and its Hessian with respect to the logits of one image, a factor of that
//! Hessian, and the distribution whose Fisher information equals the Hessian. Everything that needs a loss takes it
//! from a [`Batch`](crate::Batch).
//!
//! The gradient and the curvature depend on the logits through *predictions*: the probabilities of
//! [`SoftmaxCrossEntropy`], the logits themselves for [`SquaredError`]. They are computed once for many products.

mod cross_entropy;
mod draw;
mod squared_error;

pub(crate) use cross_entropy::PLAIN;
pub use cross_entropy::SoftmaxCrossEntropy;
pub use draw::Draw;
pub use squared_error::SquaredError;

use crate::softmax_cross_entropy::check_labels;
use crate::{AutodiffError, Scalar};
use minima_rng::Key;
use ndarray::{Array2, Array3, ArrayView2};
use std::fmt::Debug;

/// The parts of a [`Loss`] that depend on the precision.
///
/// All slices have one number for each class. Labels are valid: [`Loss::check`] ran before.
pub trait LossIn<T: Scalar>: Debug + Send + Sync {
    /// The loss of one image.
    fn value(&self, logits: &[T], label: usize) -> T;

    /// Writes `scale` times the gradient of one image's loss with respect to its logits into `out`.
    fn gradient_into(&self, logits: &[T], label: usize, scale: T, out: &mut [T]);

    /// The predictions `(images, classes)` at logits `(images, classes)`.
    fn predictions(&self, logits: ArrayView2<'_, T>) -> Array2<T>;

    /// Predictions whose factors and coefficients survive rounding to a precision with this least normal number. The
    /// default changes nothing.
    fn bounded(&self, predictions: Array2<T>, least: T) -> Array2<T> {
        let _ = least;
        predictions
    }

    /// Writes `scale` times the gradient of one image's loss into `out`, from its prediction.
    fn residual_into(&self, prediction: &[T], label: usize, scale: T, out: &mut [T]);

    /// Writes `scale · H v` into `out`, with the Hessian H of one image's loss with respect to its logits.
    fn hessian_into(&self, prediction: &[T], label: usize, v: &[T], scale: T, out: &mut [T]);

    /// Factors S with `H = S Sᵀ` for every image: its columns, `(rank, images, classes)` with the [`Loss::rank`].
    fn factors(&self, predictions: ArrayView2<'_, T>, labels: &[usize]) -> Array3<T>;

    /// The coefficients `(rank, images)` of every image's gradient in the columns of its factor S.
    ///
    /// # Errors
    /// Returns [`AutodiffError::UnsupportedLoss`] if the gradient of this loss is not in the range of S, which is the
    /// default.
    fn residual_in_factors(
        &self,
        predictions: ArrayView2<'_, T>,
        labels: &[usize],
    ) -> Result<Array2<T>, AutodiffError> {
        let _ = (predictions, labels);
        Err(unsupported("the residual in the factors of the Hessian", self))
    }

    /// One draw from the distribution that the prediction stands for, from this image's part of [`Loss::random`].
    fn draw(&self, prediction: &[T], random: &[f32]) -> Draw;

    /// Writes `scale` times the gradient for a drawn target into `out`. Its mean over draws is 0, and the mean of its
    /// outer product is the image's Hessian H: the Fisher information with respect to the logits.
    fn drawn_residual_into(&self, prediction: &[T], label: usize, draw: &Draw, scale: T, out: &mut [T]);
}

/// A loss of logits and labels.
///
/// The loss of a batch is `Σᵢ ℓ(aᵢ, yᵢ) / W` with the total weight W of its labels: their number, unless classes have
/// weights.
pub trait Loss: LossIn<f32> + LossIn<f64> {
    /// The number of columns of the factor S of one image's Hessian.
    fn rank(&self, classes: usize) -> usize;

    /// Numbers from which every image of a batch draws, in order, with equally many for each image.
    fn random(&self, key: Key, images: usize, classes: usize) -> Vec<f32>;

    /// The total weight of these labels, the divisor of a batch's loss.
    fn total_weight(&self, labels: &[usize]) -> f64 {
        labels.len() as f64
    }

    /// Checks labels before any other method uses them.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if there is not one label for each image, [`AutodiffError::Label`] if a label
    /// names no class, and [`AutodiffError::LossOption`] if the loss does not fit the labels.
    fn check(&self, labels: &[usize], images: usize, classes: usize) -> Result<(), AutodiffError> {
        check_labels(labels, images, classes)
    }

    /// Whether this is softmax cross-entropy with neither smoothed labels nor weighted classes. The published
    /// Gauss-Newton matrix and emulated arithmetic are defined for it alone.
    fn is_plain_cross_entropy(&self) -> bool {
        false
    }
}

impl<'l> dyn Loss + 'l {
    /// The loss in precision `T`.
    #[must_use]
    pub fn of<T: Scalar>(&self) -> &(dyn LossIn<T> + 'l) {
        T::loss(self)
    }

    /// The total weight of these labels, or 1 if there is no label.
    fn divisor(&self, labels: &[usize]) -> f64 {
        if labels.is_empty() { 1.0 } else { self.total_weight(labels) }
    }

    /// The loss of a batch with logits `(images, classes)`, summed in double precision.
    ///
    /// # Errors
    /// Returns the errors of [`check`](Loss::check).
    pub fn mean<T: Scalar>(&self, logits: ArrayView2<'_, T>, labels: &[usize]) -> Result<f64, AutodiffError> {
        self.check(labels, logits.nrows(), logits.ncols())?;
        let of = self.of::<T>();
        let total: f64 = logits.outer_iter().zip(labels).map(|(row, &y)| of.value(&row.to_vec(), y).as_f64()).sum();
        Ok(total / self.divisor(labels))
    }

    /// The gradient of the loss of a batch with respect to its logits `(images, classes)`.
    ///
    /// # Errors
    /// Returns the errors of [`check`](Loss::check).
    pub fn mean_gradient<T: Scalar>(
        &self,
        logits: ArrayView2<'_, T>,
        labels: &[usize],
    ) -> Result<Array2<T>, AutodiffError> {
        self.check(labels, logits.nrows(), logits.ncols())?;
        let share = T::one() / T::from_f64(self.divisor(labels));
        Ok(self.residuals(self.of::<T>().predictions(logits).view(), labels, share))
    }

    /// `scale` times the gradient of every image's own loss, `(images, classes)`, from predictions.
    #[must_use]
    pub fn residuals<T: Scalar>(&self, predictions: ArrayView2<'_, T>, labels: &[usize], scale: T) -> Array2<T> {
        let of = self.of::<T>();
        rows(predictions, labels, |prediction, &label, out| of.residual_into(prediction, label, scale, out))
    }

    /// `scale` times the gradient of every image for its drawn target, `(images, classes)`, from predictions.
    #[must_use]
    pub fn drawn_residuals<T: Scalar>(
        &self,
        predictions: ArrayView2<'_, T>,
        labels: &[usize],
        draws: &[Draw],
        scale: T,
    ) -> Array2<T> {
        let of = self.of::<T>();
        let targets: Vec<_> = labels.iter().zip(draws).collect();
        rows(predictions, &targets, |prediction, &(&label, draw), out| {
            of.drawn_residual_into(prediction, label, draw, scale, out);
        })
    }

    /// Fails unless this is softmax cross-entropy with neither smoothed labels nor weighted classes.
    ///
    /// # Errors
    /// Returns [`AutodiffError::UnsupportedLoss`] for any other loss; `what` names the computation.
    pub fn must_be_plain_cross_entropy(&self, what: &'static str) -> Result<(), AutodiffError> {
        if self.is_plain_cross_entropy() { Ok(()) } else { Err(unsupported(what, self)) }
    }
}

/// Computes one row for each image from its prediction and its target.
fn rows<T: Scalar, Y>(predictions: ArrayView2<'_, T>, targets: &[Y], row: impl Fn(&[T], &Y, &mut [T])) -> Array2<T> {
    let predictions = predictions.as_standard_layout();
    let mut out = Array2::zeros(predictions.raw_dim());
    for ((mut out, prediction), target) in out.outer_iter_mut().zip(predictions.outer_iter()).zip(targets) {
        if let (Some(out), Some(prediction)) = (out.as_slice_mut(), prediction.to_slice()) {
            row(prediction, target, out);
        }
    }
    out
}

/// The error of a computation that is not defined for a loss.
fn unsupported(what: &'static str, loss: &(impl Debug + ?Sized)) -> AutodiffError {
    AutodiffError::UnsupportedLoss { what, loss: format!("{loss:?}") }
}
