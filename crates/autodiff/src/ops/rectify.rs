//! The rectifier of one number, and the gating of tangents and cotangents.

use crate::Scalar;
use crate::lane::Lane;
use crate::lane::slices::stream;
use crate::simd::{Kernel, dispatch};
use minima_faults::{Fault, planted};

/// `max(x, 0)`. A NaN stays a NaN, so that a network that has failed is noticed.
#[inline(always)]
pub(crate) fn rectified<T: Scalar>(x: T) -> T {
    if x <= T::zero() { T::zero() } else { x }
}

/// A tangent or cotangent `d ← d` where `y > 0`, else 0.
pub(crate) fn gate<T: Scalar>(y: &[Lane<T>], d: &mut [Lane<T>]) {
    if !planted(Fault::GateOpen) {
        dispatch(GateInPlace { y, d });
    }
}

struct GateInPlace<'a, T> {
    y: &'a [Lane<T>],
    d: &'a mut [Lane<T>],
}

impl<T: Scalar> Kernel for GateInPlace<'_, T> {
    #[inline(always)]
    fn run(self) {
        stream(self.d, self.y, self.y, |d, y, _| *d = if y > T::zero() { *d } else { T::zero() });
    }
}
