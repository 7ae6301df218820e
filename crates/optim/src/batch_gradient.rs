//! Loss, accuracy and gradient of a batch at a linearization.

use minima_autodiff::softmax_cross_entropy::{count_correct, mean_gradient, mean_loss};
use minima_autodiff::{AutodiffError, Linearization, Scalar, StepReport};

/// Computes the mean loss, the number of correctly classified images, and the gradient of the mean loss.
pub(crate) fn batch_gradient<T: Scalar>(
    at: &Linearization<'_, T>,
    labels: &[usize],
) -> Result<(StepReport, Vec<T>), AutodiffError> {
    let logits = at.logits();
    let residual = mean_gradient(logits, labels)?;
    let report = StepReport { loss: mean_loss(logits, labels)?, correct: count_correct(logits, labels) };
    Ok((report, at.vjp(residual.view())?))
}
