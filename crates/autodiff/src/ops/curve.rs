//! Functions of one number with their derivatives, for loops that are compiled for each of them.

use crate::Scalar;

/// A function with two derivatives.
pub(super) trait Curve<T>: Copy {
    fn value(self, x: T) -> T;
    fn slope(self, x: T) -> T;
    fn curvature(self, x: T) -> T;
}

/// A computation with one function that is known when it is compiled.
pub(super) trait WithCurve<T> {
    type Output;
    fn run<C: Curve<T>>(self, curve: C) -> Self::Output;
}

/// x, or ±limit if it lies beyond. A NaN stays a NaN.
#[inline(always)]
pub(super) fn within<T: Scalar>(x: T, limit: f64) -> T {
    let limit = T::from_f64(limit);
    at_least(if x > limit { limit } else { x }, -limit)
}

/// x, or `limit` if it lies below. A NaN stays a NaN.
#[inline(always)]
pub(super) fn at_least<T: Scalar>(x: T, limit: T) -> T {
    if x < limit { limit } else { x }
}
