//! What a step sees of its batch at a linearization.

use minima_autodiff::softmax_cross_entropy::{count_correct, mean_gradient, mean_loss};
use minima_autodiff::{AutodiffError, Linearization, Scalar, StepReport};

/// The mean loss and the images that are right, and the mean loss's gradient.
pub(crate) fn batch_gradient<T: Scalar>(
    at: &Linearization<'_, T>,
    labels: &[usize],
) -> Result<(StepReport, Vec<T>), AutodiffError> {
    let logits = at.logits();
    let residual = mean_gradient(logits, labels)?;
    let report = StepReport { loss: mean_loss(logits, labels)?, correct: count_correct(logits, labels) };
    Ok((report, at.vjp(residual.view())?))
}
