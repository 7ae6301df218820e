//! Arithmetic of lanes, sample by sample.

use super::{LANES, Lane};
use crate::Scalar;

impl<T: Scalar> Lane<T> {
    /// `x` for every sample.
    #[inline(always)]
    pub(crate) fn splat(x: T) -> Self {
        Self([x; LANES])
    }

    /// Zero for every sample.
    #[inline(always)]
    pub(crate) fn zero() -> Self {
        Self::splat(T::zero())
    }

    /// `f` of every sample's number.
    #[inline(always)]
    pub(crate) fn map(self, f: impl Fn(T) -> T) -> Self {
        let mut out = self;
        for v in &mut out.0 {
            *v = f(*v);
        }
        out
    }

    /// `f` of both numbers of every sample.
    #[inline(always)]
    pub(crate) fn zip(self, other: Self, f: impl Fn(T, T) -> T) -> Self {
        let mut out = self;
        for (v, o) in out.0.iter_mut().zip(other.0) {
            *v = f(*v, o);
        }
        out
    }

    /// `self + other`.
    #[inline(always)]
    pub(crate) fn plus(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    /// `self + x · w`, with one rounding.
    #[inline(always)]
    pub(crate) fn fma(self, x: Self, w: T) -> Self {
        let mut out = self;
        for (v, a) in out.0.iter_mut().zip(x.0) {
            *v = a.mul_add(w, *v);
        }
        out
    }

    /// `self + x · y`, with one rounding.
    #[inline(always)]
    pub(crate) fn fma_lane(self, x: Self, y: Self) -> Self {
        let mut out = self;
        for ((v, a), b) in out.0.iter_mut().zip(x.0).zip(y.0) {
            *v = a.mul_add(b, *v);
        }
        out
    }

    /// The sum over the samples as a balanced tree, always in the same order.
    #[inline(always)]
    pub(crate) fn sum(self) -> T {
        let mut v = self.0;
        let mut width = LANES / 2;
        while width > 0 {
            for i in 0..width {
                v[i] += v[i + width];
            }
            width /= 2;
        }
        v[0]
    }
}
