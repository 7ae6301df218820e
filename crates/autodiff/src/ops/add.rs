//! `y = a + b`, for residual connections.
//!
//! - vjp: `ȧ = ḃ = ẏ`
//! - jvp: `ẏ = ȧ + ḃ`

use super::{At, Operation, Scratch, SecondOrder, Write};
use crate::Scalar;
use crate::lane::Lane;

/// The sum of two values of one shape.
#[derive(Clone, Debug)]
pub(crate) struct Add;

impl<T: Scalar> Operation<T> for Add {
    fn second_order(&self) -> SecondOrder<'_, T> {
        SecondOrder::PiecewiseLinear
    }

    fn forward(&self, _params: &[T], x: &[&[Lane<T>]], y: &mut [Lane<T>], _scratch: &mut Scratch<T>) {
        for ((y, &a), &b) in y.iter_mut().zip(x[0]).zip(x[1]) {
            *y = a.plus(b);
        }
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
        for (dx, &dy) in dx.iter_mut().zip(dy) {
            write.put(dx, dy);
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
            for (dy, &dx) in dy.iter_mut().zip(*tangent) {
                *dy = dy.plus(dx);
            }
        }
    }
}
