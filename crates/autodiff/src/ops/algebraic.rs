//! Clipping, the square root and the reciprocal.

use super::curve::{Curve, at_least};
use crate::Scalar;

#[derive(Clone, Copy)]
pub(super) struct Clip<T>([T; 2]);

impl<T: Scalar> Clip<T> {
    pub(super) fn between(low: f64, high: f64) -> Self {
        Self([T::from_f64(low), T::from_f64(high)])
    }
}

impl<T: Scalar> Curve<T> for Clip<T> {
    #[inline(always)]
    fn value(self, x: T) -> T {
        let Self([low, high]) = self;
        at_least(if x > high { high } else { x }, low)
    }

    #[inline(always)]
    fn slope(self, x: T) -> T {
        let Self([low, high]) = self;
        if x <= low || x > high { T::zero() } else { T::one() }
    }

    #[inline(always)]
    fn curvature(self, _x: T) -> T {
        T::zero()
    }
}

#[derive(Clone, Copy)]
pub(super) struct Sqrt;

impl<T: Scalar> Curve<T> for Sqrt {
    #[inline(always)]
    fn value(self, x: T) -> T {
        x.sqrt()
    }

    #[inline(always)]
    fn slope(self, x: T) -> T {
        T::from_f64(0.5) / x.sqrt()
    }

    #[inline(always)]
    fn curvature(self, x: T) -> T {
        T::from_f64(-0.25) / x.sqrt() / x
    }
}

#[derive(Clone, Copy)]
pub(super) struct Reciprocal;

impl<T: Scalar> Curve<T> for Reciprocal {
    #[inline(always)]
    fn value(self, x: T) -> T {
        T::one() / x
    }

    #[inline(always)]
    fn slope(self, x: T) -> T {
        -(T::one() / x) / x
    }

    #[inline(always)]
    fn curvature(self, x: T) -> T {
        T::from_f64(2.0) / x / x / x
    }
}
