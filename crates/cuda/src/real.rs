//! The precision of the linear algebra: single or double.

use crate::device::{Arg, Device, Element};
use crate::slice::Passed;

/// `f32` or `f64`. The kernels of the Gauss-Newton system exist in both.
#[expect(private_bounds, reason = "sealed: there are kernels for these two types and no other")]
pub trait Real: Element + Passed {
    /// Whether it is `f64`.
    #[doc(hidden)]
    const IS_DOUBLE: bool;

    /// The kernel's name in this precision, out of its two names.
    #[doc(hidden)]
    fn kernel(single: &'static str, double: &'static str) -> &'static str;

    /// A scalar argument in this precision.
    #[doc(hidden)]
    fn scalar<'a, D: Device>(value: f64) -> Arg<'a, D>;
}

impl Real for f32 {
    const IS_DOUBLE: bool = false;

    fn kernel(single: &'static str, _double: &'static str) -> &'static str {
        single
    }

    fn scalar<'a, D: Device>(value: f64) -> Arg<'a, D> {
        Arg::Float(value as f32)
    }
}

impl Real for f64 {
    const IS_DOUBLE: bool = true;

    fn kernel(_single: &'static str, double: &'static str) -> &'static str {
        double
    }

    fn scalar<'a, D: Device>(value: f64) -> Arg<'a, D> {
        Arg::Double(value)
    }
}
