//! `y = a ∘ b`, the product of two values of one shape, number by number.
//!
//! - vjp: `ȧ = ẏ ∘ b`, `ḃ = ẏ ∘ a`
//! - jvp: `ẏ = ȧ ∘ b + a ∘ ḃ`

use super::{At, Operation, Scratch, SecondOrder, Write};
use crate::Scalar;
use crate::lane::Lane;

/// The product of two values of one shape.
#[derive(Clone, Debug)]
pub(crate) struct Multiply;

impl<T: Scalar> Operation<T> for Multiply {
    fn second_order(&self) -> SecondOrder<'_, T> {
        SecondOrder::Multilinear
    }

    fn forward(&self, _params: &[T], x: &[&[Lane<T>]], y: &mut [Lane<T>], _scratch: &mut Scratch<T>) {
        for ((y, &a), &b) in y.iter_mut().zip(x[0]).zip(x[1]) {
            *y = a.zip(b, |a, b| a * b);
        }
    }

    fn vjp_input(
        &self,
        at: &At<'_, T>,
        which: usize,
        dy: &[Lane<T>],
        dx: &mut [Lane<T>],
        write: Write,
        _scratch: &mut Scratch<T>,
    ) {
        for ((dx, &dy), &other) in dx.iter_mut().zip(dy).zip(at.x[1 - which]) {
            write.put(dx, dy.zip(other, |d, x| d * x));
        }
    }

    fn jvp(
        &self,
        at: &At<'_, T>,
        dx: &[Option<&[Lane<T>]>],
        _dparams: Option<&[T]>,
        dy: &mut [Lane<T>],
        _scratch: &mut Scratch<T>,
    ) {
        dy.fill(Lane::zero());
        for (tangent, &other) in dx.iter().zip(at.x.iter().rev()) {
            for ((dy, &dx), &other) in dy.iter_mut().zip(tangent.unwrap_or_default()).zip(other) {
                *dy = dy.fma_lane(dx, other);
            }
        }
    }
}
