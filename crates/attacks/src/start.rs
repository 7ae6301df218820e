//! Starting points of attacks.

use crate::survivors::Survivors;
use crate::{Ball, Norm};
use minima_autodiff::Scalar;
use minima_rng::Key;
use ndarray::{Array2, Axis};
use rayon::prelude::*;

/// How a starting point is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Draw {
    /// Uniformly in the ball.
    Inside,
    /// At the ball's radius: a uniform (L∞) or normal (L2) perturbation, scaled to it.
    Surface,
}

/// The survivors' starting points `(survivors, features)`, in the ball and in [0, 1]. An image's random numbers depend
/// on the key and the image's row in the batch.
pub(crate) fn random<T: Scalar>(survivors: &Survivors<T>, ball: Ball, draw: Draw, key: Key) -> Array2<T> {
    let mut starts = survivors.images.clone();
    let rows = starts.axis_iter_mut(Axis(0)).into_par_iter().zip(&survivors.indices);
    rows.zip(survivors.images.axis_iter(Axis(0))).for_each(|((mut row, &place), original)| {
        if let (Some(row), Some(original)) = (row.as_slice_mut(), original.as_slice()) {
            let perturbation = perturbation(key.fold_in(place as u32), row.len(), ball, draw);
            for (a, p) in row.iter_mut().zip(perturbation) {
                *a += T::from_f64(p);
            }
            ball.project(original, row);
        }
    });
    starts
}

fn perturbation(key: Key, features: usize, ball: Ball, draw: Draw) -> Vec<f64> {
    let (direction, distance) = key.split();
    let drawn = match ball.norm() {
        Norm::Linf => direction.uniform_in(features, -1.0, 1.0),
        Norm::L2 => direction.normal(features),
    };
    let scale = match (ball.norm(), draw) {
        (Norm::Linf, Draw::Inside) => ball.epsilon(),
        (norm, Draw::Surface) => ball.epsilon() / norm.of(&drawn).max(f64::MIN_POSITIVE),
        (norm, Draw::Inside) => {
            // A ball's volume grows with the power of its dimension.
            let share: f64 = distance.uniform(1).iter().map(|&u| f64::from(u)).sum();
            ball.epsilon() * share.powf(1.0 / features.max(1) as f64) / norm.of(&drawn).max(f64::MIN_POSITIVE)
        }
    };
    drawn.into_iter().map(|d| scale * f64::from(d)).collect()
}
