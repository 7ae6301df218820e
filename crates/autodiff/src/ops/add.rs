//! `y = a + b`, for residual connections.
//!
//! - vjp: `ȧ = ḃ = ẏ`
//! - jvp: `ẏ = ȧ + ḃ`

use super::{At, Finish, Operation, Scratch, SecondOrder, Write};
use crate::Scalar;
use crate::lane::Lane;
use crate::lane::slices::{stream, stream_in_place};
use crate::simd::{Kernel, dispatch};

/// The sum of two values of one shape.
#[derive(Clone, Debug)]
pub(crate) struct Add;

impl<T: Scalar> Operation<T> for Add {
    fn second_order(&self) -> SecondOrder<'_, T> {
        SecondOrder::PiecewiseLinear
    }

    fn forward(&self, _params: &[T], x: &[&[Lane<T>]], y: &mut [Lane<T>], _scratch: &mut Scratch<T>) {
        dispatch(Sum { a: x[0], b: x[1], y });
    }

    fn vjp_input(
        &self,
        _at: &At<'_, T>,
        _which: usize,
        dy: &[Lane<T>],
        dx: &mut [Lane<T>],
        write: Write,
        _scratch: &mut Scratch<T>,
    ) {
        match write {
            Write::Store => dx.copy_from_slice(dy),
            Write::Add => Finish { residual: Some(dy), rectified: false }.apply(dx),
        }
    }

    fn jvp(
        &self,
        _at: &At<'_, T>,
        dx: &[Option<&[Lane<T>]>],
        _dparams: Option<&[T]>,
        dy: &mut [Lane<T>],
        _scratch: &mut Scratch<T>,
    ) {
        dy.fill(Lane::zero());
        for tangent in dx.iter().flatten() {
            Finish { residual: Some(tangent), rectified: false }.apply(dy);
        }
    }
}

/// The tangent of a sum in the place `dy` of one operand's tangent, if that is `present`.
pub(crate) fn add_tangents<T: Scalar>(dy: &mut [Lane<T>], present: bool, residual: Option<&[Lane<T>]>) {
    if !present {
        dy.fill(Lane::zero());
    }
    dispatch(InPlace { dy, residual });
}

/// `ẏ ← 0 + ẏ + residual`. The zero makes a negative zero positive, as in [`Operation::jvp`].
struct InPlace<'a, T> {
    dy: &'a mut [Lane<T>],
    residual: Option<&'a [Lane<T>]>,
}

impl<T: Scalar> Kernel for InPlace<'_, T> {
    #[inline(always)]
    fn run(self) {
        match self.residual {
            Some(x) => stream(self.dy, x, x, |dy, x, _| *dy = T::zero() + *dy + x),
            None => stream_in_place(self.dy, |dy| *dy += T::zero()),
        }
    }
}

/// `y = a + b`.
struct Sum<'a, T> {
    a: &'a [Lane<T>],
    b: &'a [Lane<T>],
    y: &'a mut [Lane<T>],
}

impl<T: Scalar> Kernel for Sum<'_, T> {
    #[inline(always)]
    fn run(self) {
        stream(self.y, self.a, self.b, |y, a, b| *y = a + b);
    }
}
