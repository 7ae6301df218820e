//! The loss on a plane through the parameters.

use super::direction::check_length;
use crate::MetricsError;
use crate::evaluation::{Evaluation, evaluate_at};
use minima_autodiff::{Differentiable, Scalar};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

/// A point on the plane.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SurfacePoint {
    /// The coordinate along the first direction.
    pub x: f64,
    /// The coordinate along the second direction.
    pub y: f64,
    /// The performance of the network at this point.
    pub evaluation: Evaluation,
}

/// Loss and accuracy of the network at `θ + x d₁ + y d₂` on labelled images `(images, features)`, for every `x` in `xs`
/// and `y` in `ys`. Points with the same `y` are adjacent, with `x` in order. Parameters are computed in `f64` and
/// rounded once: at the origin they are exactly the model's own.
///
/// # Errors
/// Returns [`MetricsError::Autodiff`] if the length of a direction differs from the number of parameters,
/// [`MetricsError::NotFinite`] if the loss is not finite at a point, and the errors of [`evaluate`](crate::evaluate).
pub fn loss_surface<T: Scalar>(
    model: &dyn Differentiable<T>,
    directions: [&[T]; 2],
    xs: &[f64],
    ys: &[f64],
    images: ArrayView2<'_, T>,
    labels: &[usize],
) -> Result<Vec<SurfacePoint>, MetricsError> {
    let origin = model.params();
    let [first, second] = directions;
    for direction in directions {
        check_length(direction, origin.len())?;
    }
    let mut points = Vec::with_capacity(xs.len() * ys.len());
    for &y in ys {
        for &x in xs {
            let there = origin.iter().zip(first).zip(second);
            let there = there.map(|((at, d1), d2)| T::from_f64(at.as_f64() + x * d1.as_f64() + y * d2.as_f64()));
            let evaluation = evaluate_at(model, &there.collect::<Vec<T>>(), images, labels)?;
            evaluation.check_finite(points.len())?;
            points.push(SurfacePoint { x, y, evaluation });
        }
    }
    Ok(points)
}
