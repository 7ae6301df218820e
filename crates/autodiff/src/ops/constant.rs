//! A constant as a value, the same for every sample.
//!
//! - forward: `y = c`
//! - jvp: `ẏ = 0`

use super::{At, Operation, Scratch, SecondOrder, Write};
use crate::Scalar;
use crate::lane::Lane;
use std::sync::Arc;

/// A constant as a value.
#[derive(Clone, Debug)]
pub(crate) struct Constant(pub Arc<[f64]>);

impl<T: Scalar> Operation<T> for Constant {
    fn second_order(&self) -> SecondOrder<'_, T> {
        SecondOrder::PiecewiseLinear
    }

    fn forward(&self, _params: &[T], _x: &[&[Lane<T>]], y: &mut [Lane<T>], _scratch: &mut Scratch<T>) {
        for (y, &c) in y.iter_mut().zip(&*self.0) {
            *y = Lane::splat(T::from_f64(c));
        }
    }

    /// It has no inputs.
    fn vjp_input(
        &self,
        _at: &At<'_, T>,
        _which: usize,
        _dy: &[Lane<T>],
        _dx: &mut [Lane<T>],
        _write: Write,
        _scratch: &mut Scratch<T>,
    ) {
    }

    fn jvp(
        &self,
        _at: &At<'_, T>,
        _dx: &[Option<&[Lane<T>]>],
        _dparams: Option<&[T]>,
        dy: &mut [Lane<T>],
        _scratch: &mut Scratch<T>,
    ) {
        dy.fill(Lane::zero());
    }
}
