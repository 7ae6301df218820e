//! Softmax over one axis, `y[k] = exp x[k] / Σ_l exp x[l]`.
//!
//! - vjp: `ẋ = y ∘ (ẏ − ⟨y, ẏ⟩)`
//! - jvp: the same map, `ẏ = y ∘ (ẋ − ⟨y, ẋ⟩)`
//! - second order: with the output's tangent ẏ and a fixed cotangent g, the vjp changes by `ẏ ∘ (g − ⟨y, g⟩) − y ⟨ẏ, g⟩`
//!
//! The largest entry is subtracted first, so nothing overflows. An entry of −∞ is masked: its probability is 0, and
//! tangents and cotangents do not pass it. If all entries are −∞, the result is NaN.

use super::{At, Operation, Scratch, SecondOrder, Smooth, Tangents, Write};
use crate::Scalar;
use crate::lane::Lane;
use crate::simd::{Kernel, dispatch};
use minima_faults::{Fault, planted};

/// Softmax over the middle axis of a value `(outer, size, inner)`.
#[derive(Clone, Debug)]
pub(crate) struct Softmax {
    /// The three sizes.
    pub shape: [usize; 3],
}

impl Softmax {
    /// The vectors.
    #[inline(always)]
    fn vectors(&self) -> impl Iterator<Item = Entries> + use<> {
        let [outer, size, inner] = self.shape;
        let starts = (0..outer).flat_map(move |o| (0..inner).map(move |i| o * size * inner + i));
        starts.map(move |first| Entries { first, size, step: inner })
    }
}

/// The indices of one vector's entries.
#[derive(Clone, Copy)]
struct Entries {
    first: usize,
    size: usize,
    step: usize,
}

impl Entries {
    #[inline(always)]
    fn indices(self) -> impl Iterator<Item = usize> {
        (0..self.size).map(move |k| self.first + k * self.step)
    }

    /// `⟨a, b⟩`.
    #[inline(always)]
    fn dot<T: Scalar>(self, a: &[Lane<T>], b: &[Lane<T>]) -> Lane<T> {
        self.indices().fold(Lane::zero(), |sum, k| sum.fma_lane(a[k], b[k]))
    }
}

struct Forward<'a, T>(&'a Softmax, &'a [Lane<T>], &'a mut [Lane<T>]);

impl<T: Scalar> Kernel for Forward<'_, T> {
    #[inline(always)]
    fn run(self) {
        let Self(op, x, y) = self;
        for entries in op.vectors() {
            let mut largest = x[entries.first];
            for k in entries.indices() {
                largest = largest.zip(x[k], |a, b| if b > a { b } else { a });
            }
            let mut sum = Lane::zero();
            for k in entries.indices() {
                y[k] = x[k].zip(largest, |x, largest| (x - largest).exponential());
                sum = sum.plus(y[k]);
            }
            let share = sum.map(|sum| T::one() / sum);
            for k in entries.indices() {
                y[k] = y[k].zip(share, |y, share| y * share);
            }
        }
    }
}

/// `to = y ∘ (d − ⟨y, d⟩)`.
struct Derivative<'a, T> {
    op: &'a Softmax,
    y: &'a [Lane<T>],
    d: &'a [Lane<T>],
    to: &'a mut [Lane<T>],
    write: Write,
}

impl<T: Scalar> Kernel for Derivative<'_, T> {
    #[inline(always)]
    fn run(self) {
        for entries in self.op.vectors() {
            let mean = entries.dot(self.y, self.d);
            for k in entries.indices() {
                let apart = self.d[k].zip(mean, |d, mean| d - mean);
                self.write.put(&mut self.to[k], self.y[k].zip(apart, |y, apart| y * apart));
            }
        }
    }
}

/// `to += ẏ ∘ (g − ⟨y, g⟩) − y ⟨ẏ, g⟩`.
struct Curvature<'a, T> {
    op: &'a Softmax,
    y: &'a [Lane<T>],
    along: &'a [Lane<T>],
    g: &'a [Lane<T>],
    to: &'a mut [Lane<T>],
}

impl<T: Scalar> Kernel for Curvature<'_, T> {
    #[inline(always)]
    fn run(self) {
        for entries in self.op.vectors() {
            let mean = entries.dot(self.y, self.g);
            let mut moved = entries.dot(self.along, self.g);
            if planted(Fault::SoftmaxCurvature) {
                moved = Lane::zero();
            }
            for k in entries.indices() {
                let apart = self.g[k].zip(mean, |g, mean| g - mean);
                let by_mean = self.y[k].zip(moved, |y, moved| -y * moved);
                self.to[k] = self.to[k].fma_lane(self.along[k], apart).plus(by_mean);
            }
        }
    }
}

impl<T: Scalar> Operation<T> for Softmax {
    fn second_order(&self) -> SecondOrder<'_, T> {
        SecondOrder::Smooth(self)
    }

    fn forward(&self, _params: &[T], x: &[&[Lane<T>]], y: &mut [Lane<T>], _scratch: &mut Scratch<T>) {
        dispatch(Forward(self, x[0], y));
    }

    fn vjp_input(
        &self,
        at: &At<'_, T>,
        _which: usize,
        dy: &[Lane<T>],
        dx: &mut [Lane<T>],
        write: Write,
        _scratch: &mut Scratch<T>,
    ) {
        dispatch(Derivative { op: self, y: at.y, d: dy, to: dx, write });
    }

    fn jvp(
        &self,
        at: &At<'_, T>,
        dx: &[Option<&[Lane<T>]>],
        _dparams: Option<&[T]>,
        dy: &mut [Lane<T>],
        _scratch: &mut Scratch<T>,
    ) {
        match dx[0] {
            Some(dx) => dispatch(Derivative { op: self, y: at.y, d: dx, to: dy, write: Write::Store }),
            None => dy.fill(Lane::zero()),
        }
    }
}

impl<T: Scalar> Smooth<T> for Softmax {
    fn input_curvature(
        &self,
        at: &At<'_, T>,
        along: &Tangents<'_, T>,
        _which: usize,
        dy: &[Lane<T>],
        dx_along: &mut [Lane<T>],
    ) {
        if along.x[0].is_some() {
            dispatch(Curvature { op: self, y: at.y, along: along.y, g: dy, to: dx_along });
        }
    }

    /// It has no parameters.
    fn parameter_curvature(&self, _at: &At<'_, T>, _along: &Tangents<'_, T>, _dy: &[Lane<T>], _second: &mut [T]) {}
}
