//! Loss, accuracy and gradient of a batch at a linearization.

use minima_autodiff::softmax_cross_entropy::count_correct;
use minima_autodiff::{AutodiffError, Batch, Linearization, Scalar, StepReport};

/// Computes the mean loss, the number of correctly classified images, and the gradient of the mean loss.
pub(crate) fn batch_gradient<T: Scalar>(
    at: &Linearization<'_, T>,
    batch: &Batch<'_, T>,
) -> Result<(StepReport, Vec<T>), AutodiffError> {
    let (logits, loss, labels) = (at.logits(), batch.loss(), batch.labels());
    let residual = loss.mean_gradient(logits, labels)?;
    let report = StepReport { loss: loss.mean(logits, labels)?, correct: count_correct(logits, labels) };
    Ok((report, at.vjp(residual.view())?))
}
