//! The loss on a straight line between two sets of parameters.

use super::direction::check_length;
use crate::MetricsError;
use crate::evaluation::{Evaluation, evaluate_at};
use minima_autodiff::{Differentiable, Scalar};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

/// A point of the line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentPoint {
    /// The place: 0 at the model, 1 at the other parameters.
    pub t: f64,
    /// What the network does there.
    pub evaluation: Evaluation,
}

/// Loss and accuracy of the network at `(1 − t) θ + t θ'` on labelled images `(images, features)`, with θ the model's parameters and
/// θ' those of `to`, for every `t` in `ts`, which may go beyond 0 and 1 (Goodfellow, Vinyals & Saxe 2015, "Qualitatively
/// characterizing neural network optimization problems", section 3). Parameters are computed in `f64` and rounded once: the ends are
/// the two networks themselves.
///
/// A barrier between two minima need not be one of the function: units may stand in another order in the other network, which the
/// straight line does not undo.
///
/// # Errors
/// When `to` is not as long as the parameters, the images or labels are not as [`evaluate`](crate::evaluate) wants them, or the loss
/// is not finite somewhere.
pub fn loss_along_segment<T: Scalar>(
    model: &dyn Differentiable<T>,
    to: &[T],
    ts: &[f64],
    images: ArrayView2<'_, T>,
    labels: &[usize],
) -> Result<Vec<SegmentPoint>, MetricsError> {
    let from = model.params();
    check_length(to, from.len())?;
    let points = ts.iter().enumerate().map(|(place, &t)| {
        let there = from.iter().zip(to).map(|(a, b)| T::from_f64((1.0 - t) * a.as_f64() + t * b.as_f64()));
        let evaluation = evaluate_at(model, &there.collect::<Vec<T>>(), images, labels)?;
        evaluation.check_finite(place)?;
        Ok(SegmentPoint { t, evaluation })
    });
    points.collect()
}
