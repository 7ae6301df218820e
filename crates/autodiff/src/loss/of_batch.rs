//! The loss of a batch, from the losses of its images.

use super::interface::{Draw, Loss, LossIn, unsupported};
use crate::{AutodiffError, Scalar};
use ndarray::{Array2, ArrayView2};

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
