//! `y = f(x)` for every number, with an [`Activation`] f.
//!
//! - vjp: `ẋ = f′(x) ẏ`
//! - jvp: `ẏ = f′(x) ẋ`
//! - second order: the vjp with a fixed ẏ changes by `f″(x) ẋ ẏ`

use super::activation::Activation;
use super::curve::{Curve, WithCurve};
use super::{At, Operation, Scratch, SecondOrder, Smooth, Tangents, Write};
use crate::Scalar;
use crate::lane::Lane;
use crate::lane::slices::stream;
use crate::simd::{Kernel, dispatch};

/// A function of every number.
#[derive(Clone, Debug)]
pub(crate) struct Pointwise(pub Activation);

/// What is computed from the inputs.
enum Task<'a, T> {
    /// `f(x)`.
    Value,
    /// `f′(x) d`.
    Slope { d: &'a [Lane<T>], write: Write },
    /// `f″(x) ẋ ẏ`, added.
    Curvature { along: &'a [Lane<T>], dy: &'a [Lane<T>] },
}

struct Job<'a, T> {
    task: Task<'a, T>,
    x: &'a [Lane<T>],
    to: &'a mut [Lane<T>],
}

struct WithFunction<'a, T, C>(Job<'a, T>, C);

impl<T: Scalar> WithCurve<T> for Job<'_, T> {
    type Output = ();

    fn run<C: Curve<T>>(self, curve: C) {
        dispatch(WithFunction(self, curve));
    }
}

impl<T: Scalar, C: Curve<T>> Kernel for WithFunction<'_, T, C> {
    #[inline(always)]
    fn run(self) {
        let Self(Job { task, x, to }, curve) = self;
        match task {
            Task::Value => stream(to, x, x, |y, x, _| *y = curve.value(x)),
            Task::Slope { d, write: Write::Store } => stream(to, x, d, |to, x, d| *to = curve.slope(x) * d),
            Task::Slope { d, write: Write::Add } => stream(to, x, d, |to, x, d| *to += curve.slope(x) * d),
            Task::Curvature { along, dy } => {
                for ((to, &x), (&along, &dy)) in to.iter_mut().zip(x).zip(along.iter().zip(dy)) {
                    let change = x.map(|x| curve.curvature(x)).zip(along, |f, v| f * v);
                    *to = to.fma_lane(change, dy);
                }
            }
        }
    }
}

impl<T: Scalar> Operation<T> for Pointwise {
    fn second_order(&self) -> SecondOrder<'_, T> {
        if self.0.is_piecewise_linear() { SecondOrder::PiecewiseLinear } else { SecondOrder::Smooth(self) }
    }

    fn forward(&self, _params: &[T], x: &[&[Lane<T>]], y: &mut [Lane<T>], _scratch: &mut Scratch<T>) {
        self.0.with(Job { task: Task::Value, x: x[0], to: y });
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
        self.0.with(Job { task: Task::Slope { d: dy, write }, x: at.x[0], to: dx });
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
            Some(dx) => self.0.with(Job { task: Task::Slope { d: dx, write: Write::Store }, x: at.x[0], to: dy }),
            None => dy.fill(Lane::zero()),
        }
    }
}

impl<T: Scalar> Smooth<T> for Pointwise {
    fn input_curvature(
        &self,
        at: &At<'_, T>,
        along: &Tangents<'_, T>,
        _which: usize,
        dy: &[Lane<T>],
        dx_along: &mut [Lane<T>],
    ) {
        if let Some(along) = along.x[0] {
            self.0.with(Job { task: Task::Curvature { along, dy }, x: at.x[0], to: dx_along });
        }
    }

    /// It has no parameters.
    fn parameter_curvature(&self, _at: &At<'_, T>, _along: &Tangents<'_, T>, _dy: &[Lane<T>], _second: &mut [T]) {}
}
