//! The loops over a normalisation's sets.

use super::layout::{Normalization, Pair};
use super::sets::{Cotangent, Part, Projection, Scaled, Statistics, Terms};
use crate::Scalar;
use crate::lane::Lane;
use crate::ops::{Output, Write};
use crate::simd::VectorKernel;
use minima_faults::{Fault, planted};
use pulp::Simd;

pub(super) struct Forward<'a, T> {
    pub(super) op: &'a Normalization,
    pub(super) params: Pair<'a, T>,
    pub(super) x: &'a [Lane<T>],
    pub(super) to: Output<'a, T>,
}

impl<T: Scalar> VectorKernel for Forward<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { op, params, x, to: Output { y, memo, finish } } = self;
        for set in op.sets::<T, S>() {
            let (x, part) = (Part(x, set.part), set.part);
            let of = Statistics::<T, S>::new(simd, op, &set, x);
            of.keep(memo, &set);
            for place in 0..set.places {
                for (i, c) in set.numbers(place) {
                    let mut value = params.affine::<S>(simd, of.normalised(simd, x.at::<S>(i)), c);
                    if let Some(residual) = finish.residual {
                        value = T::plus(simd, value, residual[i].part::<S>(part));
                    }
                    if finish.rectified {
                        value = T::rectified(simd, value);
                    }
                    y[i].set_part::<S>(part, value);
                }
            }
        }
    }
}

/// `ẋ = J (γ ẏ)`, with the cotangent of the rectified output if `GATED`.
pub(super) struct InputCotangent<'a, T, const GATED: bool> {
    pub(super) op: &'a Normalization,
    pub(super) params: Pair<'a, T>,
    pub(super) x: &'a [Lane<T>],
    pub(super) memo: &'a [Lane<T>],
    /// The projections of the sets, if the parameter gradient has computed them.
    pub(super) handed: Option<&'a [Lane<T>]>,
    pub(super) dy: &'a [Lane<T>],
    pub(super) dx: &'a mut [Lane<T>],
    pub(super) write: Write,
}

impl<T: Scalar, const GATED: bool> VectorKernel for InputCotangent<'_, T, GATED> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { op, params, x, memo, handed, dy, dx, write } = self;
        for set in op.sets::<T, S>() {
            let (x, part) = (Part(x, set.part), set.part);
            let of = &Statistics::<T, S>::kept(memo, &set);
            let h = Cotangent::<T, S, GATED> { dy: Part(dy, part), of, x, params };
            let projection = match handed {
                Some(sums) => Projection::handed(sums, &set),
                None => Projection::new(simd, op, &set, of, x, &h),
            };
            for place in 0..set.places {
                for (i, c) in set.numbers(place) {
                    let h = h.scaled(simd, i, c);
                    let d = projection.jacobian(simd, of, of.normalised(simd, x.at::<S>(i)), h);
                    let d = match write {
                        Write::Store => d,
                        Write::Add => T::plus(simd, dx[i].part::<S>(part), d),
                    };
                    dx[i].set_part::<S>(part, d);
                }
            }
        }
    }
}

/// `ẏ = γ J ẋ + γ̇ x̂ + β̇`.
pub(super) struct OutputTangent<'a, T> {
    pub(super) op: &'a Normalization,
    pub(super) params: Pair<'a, T>,
    pub(super) dparams: Option<Pair<'a, T>>,
    pub(super) x: &'a [Lane<T>],
    pub(super) memo: &'a [Lane<T>],
    pub(super) dx: Option<&'a [Lane<T>]>,
    pub(super) dy: &'a mut [Lane<T>],
}

impl<T: Scalar> VectorKernel for OutputTangent<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { op, params, dparams, x, memo, dx, dy } = self;
        for set in op.sets::<T, S>() {
            let (x, part) = (Part(x, set.part), set.part);
            let of = Statistics::<T, S>::kept(memo, &set);
            let moving = dx.map(|dx| Part(dx, part));
            let moving = moving.map(|dx| (dx, Projection::new(simd, op, &set, &of, x, &dx)));
            for place in 0..set.places {
                for (i, c) in set.numbers(place) {
                    let normalised = of.normalised(simd, x.at::<S>(i));
                    let mut tangent = T::splat(simd, T::zero());
                    if let Some(dparams) = dparams {
                        let factor = dparams.scale.map_or(T::zero(), |scale| scale[c]);
                        let shift = T::splat(simd, dparams.shift(c));
                        tangent = T::fma(simd, normalised, T::splat(simd, factor), shift);
                    }
                    if let Some((dx, projection)) = &moving {
                        let jacobian = projection.jacobian(simd, &of, normalised, dx.at::<S>(i));
                        tangent = T::fma(simd, jacobian, T::splat(simd, params.scale(c)), tangent);
                    }
                    dy[i].set_part::<S>(part, tangent);
                }
            }
        }
    }
}

/// Adds the second-order change of the input's cotangent.
pub(super) struct InputCurvature<'a, T> {
    pub(super) op: &'a Normalization,
    pub(super) params: Pair<'a, T>,
    pub(super) dparams: Pair<'a, T>,
    pub(super) x: &'a [Lane<T>],
    pub(super) memo: &'a [Lane<T>],
    pub(super) dx: Option<&'a [Lane<T>]>,
    pub(super) dy: &'a [Lane<T>],
    pub(super) to: &'a mut [Lane<T>],
}

/// The products of the tangents x̂̇ and the numbers h.
struct Crossed<'a, T: Scalar, S: Simd> {
    of: &'a Statistics<T, S>,
    x: Part<'a, T>,
    dx: Part<'a, T>,
    moving: &'a Projection<T, S>,
    h: Scaled<'a, T>,
    fixed: &'a Projection<T, S>,
}

impl<T: Scalar, S: Simd> Crossed<'_, T, S> {
    /// One number of x̂̇.
    #[inline(always)]
    fn tangent(&self, simd: S, i: usize) -> T::Vector<S> {
        self.moving.jacobian(simd, self.of, self.of.normalised(simd, self.x.at::<S>(i)), self.dx.at::<S>(i))
    }
}

impl<T: Scalar, S: Simd> Terms<T, S, 1> for Crossed<'_, T, S> {
    #[inline(always)]
    fn at(&self, simd: S, i: usize, c: usize) -> [T::Vector<S>; 1] {
        // x̂̇ has the mean 0, so the mean of h may be subtracted, which avoids a cancellation.
        let [h] = self.h.at(simd, i, c);
        [T::times(simd, self.tangent(simd, i), T::minus(simd, h, self.fixed.mean))]
    }
}

impl<T: Scalar> VectorKernel for InputCurvature<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { op, params, dparams, x, memo, dx, dy, to } = self;
        for set in op.sets::<T, S>() {
            let (x, dy, part) = (Part(x, set.part), Part(dy, set.part), set.part);
            let of = &Statistics::<T, S>::kept(memo, &set);
            if dparams.scale.is_some() {
                let by_scale = Scaled { of: dy, factors: dparams.scale };
                let projection = Projection::new(simd, op, &set, of, x, &by_scale);
                for place in 0..set.places {
                    for (i, c) in set.numbers(place) {
                        let [d] = by_scale.at(simd, i, c);
                        let d = projection.jacobian(simd, of, of.normalised(simd, x.at::<S>(i)), d);
                        to[i].set_part::<S>(part, T::plus(simd, to[i].part::<S>(part), d));
                    }
                }
            }
            let Some(dx) = dx else { continue };
            let dx = Part(dx, part);
            let h = Scaled { of: dy, factors: params.scale };
            let moving = &Projection::new(simd, op, &set, of, x, &dx);
            let fixed = &Projection::new(simd, op, &set, of, x, &h);
            let terms = Crossed { of, x, dx, moving, h, fixed };
            let [crossed] = set.means(simd, &terms);
            let mut shrinking = moving.along;
            if planted(Fault::LayerNormCurvature) {
                shrinking = T::splat(simd, T::zero());
            }
            for place in 0..set.places {
                for (i, c) in set.numbers(place) {
                    let normalised = of.normalised(simd, x.at::<S>(i));
                    let [h] = h.at(simd, i, c);
                    let by_root = T::times(simd, shrinking, fixed.jacobian(simd, of, normalised, h));
                    let by_normalised = T::times(simd, terms.tangent(simd, i), fixed.along);
                    let by_normalised = T::fma(simd, normalised, crossed, by_normalised);
                    let change = T::times(simd, of.root, T::plus(simd, by_root, by_normalised));
                    to[i].set_part::<S>(part, T::minus(simd, to[i].part::<S>(part), change));
                }
            }
        }
    }
}
