//! The floating-point types a network can be evaluated in.

use std::iter::Sum;

/// `f32` or `f64`.
///
/// Everything numeric in this crate is generic over this trait; `f64` serves the tests against dense references, `f32` is
/// what training uses.
pub trait Scalar: minima_linalg::Real + Sum {
    /// The nearest value to `x` in this precision.
    fn from_f64(x: f64) -> Self;

    /// The value as `f64`, exactly.
    fn to_f64(self) -> f64;
}

impl Scalar for f32 {
    fn from_f64(x: f64) -> Self {
        x as f32
    }

    fn to_f64(self) -> f64 {
        f64::from(self)
    }
}

impl Scalar for f64 {
    fn from_f64(x: f64) -> Self {
        x
    }

    fn to_f64(self) -> f64 {
        self
    }
}
