//! The loss on a straight line between two sets of parameters.

use super::direction::check_length;
use crate::MetricsError;
use crate::evaluation::{Evaluation, evaluate_at};
use minima_autodiff::{Differentiable, Scalar};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

/// A point on the line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentPoint {
    /// The position: 0 at the model, 1 at the other parameters.
    pub t: f64,
    /// The performance of the network at this point.
    pub evaluation: Evaluation,
}

/// Loss and accuracy of the network at `(1 − t) θ + t θ'` on labelled images `(images, features)` for every `t` in
/// `ts`. θ is the model's parameters and θ' is `to`; `t` may be below 0 or above 1 (Goodfellow, Vinyals & Saxe 2015,
/// "Qualitatively characterizing neural network optimization problems", section 3). Parameters are computed in `f64`
/// and rounded once: the ends are exactly the two networks.
///
/// A barrier between two minima need not be a property of the functions: the units of the other network may be
/// permuted, and the straight line does not undo a permutation.
///
/// # Errors
/// Returns [`MetricsError::Autodiff`] if the length of `to` differs from the number of parameters,
/// [`MetricsError::NotFinite`] if the loss is not finite at a point, and the errors of [`evaluate`](crate::evaluate).
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
