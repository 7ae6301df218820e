//! The loops over a normalisation's sets.

use super::layout::{Normalization, Pair};
use super::sets::{minus, times};
use crate::Scalar;
use crate::lane::Lane;
use crate::ops::Write;
use crate::simd::Kernel;
use minima_faults::{Fault, planted};

pub(super) struct Forward<'a, T> {
    pub(super) op: &'a Normalization,
    pub(super) params: Pair<'a, T>,
    pub(super) x: &'a [Lane<T>],
    pub(super) y: &'a mut [Lane<T>],
}

impl<T: Scalar> Kernel for Forward<'_, T> {
    #[inline(always)]
    fn run(self) {
        let Self { op, params, x, y } = self;
        op.for_each_set(|set| {
            let of = op.statistics(set, x);
            op.for_each(set, |i, c| {
                let start = params.shift.map_or(T::zero(), |shift| shift[c]);
                y[i] = Lane::splat(start).fma(of.normalised(x[i]), params.scale(c));
            });
        });
    }
}

/// `ẋ = J (γ ẏ)`.
pub(super) struct InputCotangent<'a, T> {
    pub(super) op: &'a Normalization,
    pub(super) params: Pair<'a, T>,
    pub(super) x: &'a [Lane<T>],
    pub(super) dy: &'a [Lane<T>],
    pub(super) dx: &'a mut [Lane<T>],
    pub(super) write: Write,
}

impl<T: Scalar> Kernel for InputCotangent<'_, T> {
    #[inline(always)]
    fn run(self) {
        let Self { op, params, x, dy, dx, write } = self;
        let h = |i: usize, c: usize| dy[i].map(|d| d * params.scale(c));
        op.for_each_set(|set| {
            let of = op.statistics(set, x);
            let projection = op.projection(set, &of, x, h);
            op.for_each(set, |i, c| write.put(&mut dx[i], projection.jacobian(&of, of.normalised(x[i]), h(i, c))));
        });
    }
}

/// `ẏ = γ J ẋ + γ̇ x̂ + β̇`.
pub(super) struct OutputTangent<'a, T> {
    pub(super) op: &'a Normalization,
    pub(super) params: Pair<'a, T>,
    pub(super) dparams: Option<Pair<'a, T>>,
    pub(super) x: &'a [Lane<T>],
    pub(super) dx: Option<&'a [Lane<T>]>,
    pub(super) dy: &'a mut [Lane<T>],
}

impl<T: Scalar> Kernel for OutputTangent<'_, T> {
    #[inline(always)]
    fn run(self) {
        let Self { op, params, dparams, x, dx, dy } = self;
        op.for_each_set(|set| {
            let of = op.statistics(set, x);
            let moving = dx.map(|dx| (dx, op.projection(set, &of, x, |i, _| dx[i])));
            op.for_each(set, |i, c| {
                let normalised = of.normalised(x[i]);
                let mut tangent = Lane::zero();
                if let Some(dparams) = dparams {
                    tangent = Lane::splat(dparams.shift.map_or(T::zero(), |shift| shift[c]));
                    tangent = tangent.fma(normalised, dparams.scale.map_or(T::zero(), |scale| scale[c]));
                }
                if let Some((dx, projection)) = moving {
                    tangent = tangent.fma(projection.jacobian(&of, normalised, dx[i]), params.scale(c));
                }
                dy[i] = tangent;
            });
        });
    }
}

/// Adds the second-order change of the input's cotangent.
pub(super) struct InputCurvature<'a, T> {
    pub(super) op: &'a Normalization,
    pub(super) params: Pair<'a, T>,
    pub(super) dparams: Pair<'a, T>,
    pub(super) x: &'a [Lane<T>],
    pub(super) dx: Option<&'a [Lane<T>]>,
    pub(super) dy: &'a [Lane<T>],
    pub(super) to: &'a mut [Lane<T>],
}

impl<T: Scalar> Kernel for InputCurvature<'_, T> {
    #[inline(always)]
    fn run(self) {
        let Self { op, params, dparams, x, dx, dy, to } = self;
        let h = |i: usize, c: usize| dy[i].map(|d| d * params.scale(c));
        op.for_each_set(|set| {
            let of = op.statistics(set, x);
            if let Some(dscale) = dparams.scale {
                let by_scale = |i: usize, c: usize| dy[i].map(|d| d * dscale[c]);
                let projection = op.projection(set, &of, x, by_scale);
                op.for_each(set, |i, c| {
                    to[i] = to[i].plus(projection.jacobian(&of, of.normalised(x[i]), by_scale(i, c)));
                });
            }
            let Some(dx) = dx else { return };
            let moving = op.projection(set, &of, x, |i, _| dx[i]);
            let fixed = op.projection(set, &of, x, h);
            let tangent = |i: usize| moving.jacobian(&of, of.normalised(x[i]), dx[i]);
            // x̂̇ has the mean 0, so the mean of h may be subtracted, which avoids a cancellation.
            let crossed = op.mean(set, |i, c| times(tangent(i), minus(h(i, c), fixed.mean)));
            let mut shrinking = moving.along;
            if planted(Fault::LayerNormCurvature) {
                shrinking = Lane::zero();
            }
            op.for_each(set, |i, c| {
                let normalised = of.normalised(x[i]);
                let by_root = times(shrinking, fixed.jacobian(&of, normalised, h(i, c)));
                let by_normalised = times(tangent(i), fixed.along).fma_lane(normalised, crossed);
                to[i] = minus(to[i], times(of.root, by_root.plus(by_normalised)));
            });
        });
    }
}

/// For each channel, every sample's `Σ ẏ` and `Σ x̂ ẏ` over the places, or `Σ x̂̇ ẏ` with a tangent of the input.
pub(super) struct SampleGradients<'a, T> {
    pub(super) op: &'a Normalization,
    pub(super) x: &'a [Lane<T>],
    pub(super) dx: Option<&'a [Lane<T>]>,
    pub(super) dy: &'a [Lane<T>],
    pub(super) shift: &'a mut [Lane<T>],
    pub(super) scale: &'a mut [Lane<T>],
}

impl<T: Scalar> Kernel for SampleGradients<'_, T> {
    #[inline(always)]
    fn run(self) {
        let Self { op, x, dx, dy, shift, scale } = self;
        shift.fill(Lane::zero());
        scale.fill(Lane::zero());
        if !shift.is_empty() {
            for place in dy.chunks_exact(shift.len()) {
                shift.iter_mut().zip(place).for_each(|(sum, &dy)| *sum = sum.plus(dy));
            }
        }
        if scale.is_empty() {
            return;
        }
        op.for_each_set(|set| {
            let of = op.statistics(set, x);
            let moving = dx.map(|dx| (dx, op.projection(set, &of, x, |i, _| dx[i])));
            op.for_each(set, |i, c| {
                let normalised = of.normalised(x[i]);
                let factor = match moving {
                    Some((dx, projection)) => projection.jacobian(&of, normalised, dx[i]),
                    None => normalised,
                };
                scale[c] = scale[c].fma_lane(factor, dy[i]);
            });
        });
    }
}
