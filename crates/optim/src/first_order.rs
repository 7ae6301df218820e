//! The gradient of a batch's mean loss, which first-order optimizers start from.

use crate::{Batch, OptimError, StepReport};
use minima_autodiff::softmax_cross_entropy::{check_labels, count_correct, gradient_into, mean_loss};
use minima_autodiff::{Graph, Scalar};

/// The gradient of the batch's mean loss, and what was seen on the way.
pub(crate) fn mean_loss_gradient<T: Scalar>(
    graph: &Graph,
    params: &[T],
    batch: &Batch<'_, T>,
) -> Result<(StepReport, Vec<T>), OptimError> {
    let labels = batch.labels();
    check_labels(labels, batch.len(), graph.classes())?;
    let share = T::one() / T::from_f64(batch.len() as f64);
    let (logits, gradient) =
        graph.logits_and_vjp(params, batch.images(), &|i, logits, out| gradient_into(logits, labels[i], share, out))?;
    let loss = mean_loss(logits.view(), labels)?;
    Ok((StepReport { loss, correct: count_correct(logits.view(), labels) }, gradient))
}
