//! `y = max(x, 0)`.
//!
//! - vjp: `ẋ = ẏ` where `y > 0`, else 0 (at zero itself the derivative is taken as 0)
//! - jvp: `ẏ = ẋ` where `y > 0`, else 0
//!
//! Usually the rectifier follows the operation before it in the same pass ([`Finish`](super::Finish),
//! [`gate`](super::gate)). This operation is for values that other operations read too.

use super::{At, Operation, Scratch, SecondOrder, Write, rectified};
use crate::Scalar;
use crate::lane::Lane;
use crate::lane::slices::stream;
use crate::simd::{Kernel, dispatch};

/// The rectifier.
#[derive(Clone, Debug)]
pub(crate) struct Relu;

struct Forward<'a, T>(&'a [Lane<T>], &'a mut [Lane<T>]);

impl<T: Scalar> Kernel for Forward<'_, T> {
    #[inline(always)]
    fn run(self) {
        stream(self.1, self.0, self.0, |y, x, _| *y = rectified(x));
    }
}

/// Passes a tangent or cotangent where the output is positive.
struct Gate<'a, T> {
    y: &'a [Lane<T>],
    from: &'a [Lane<T>],
    to: &'a mut [Lane<T>],
    write: Write,
}

impl<T: Scalar> Kernel for Gate<'_, T> {
    #[inline(always)]
    fn run(self) {
        let gated = |y, d| if y > T::zero() { d } else { T::zero() };
        match self.write {
            Write::Store => stream(self.to, self.y, self.from, |to, y, d| *to = gated(y, d)),
            Write::Add => stream(self.to, self.y, self.from, |to, y, d| *to += gated(y, d)),
        }
    }
}

impl<T: Scalar> Operation<T> for Relu {
    fn second_order(&self) -> SecondOrder<'_, T> {
        SecondOrder::PiecewiseLinear
    }

    fn forward(&self, _params: &[T], x: &[&[Lane<T>]], y: &mut [Lane<T>], _scratch: &mut Scratch<T>) {
        dispatch(Forward(x[0], y));
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
        dispatch(Gate { y: at.y, from: dy, to: dx, write });
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
            Some(dx) => dispatch(Gate { y: at.y, from: dx, to: dy, write: Write::Store }),
            None => dy.fill(Lane::zero()),
        }
    }
}
