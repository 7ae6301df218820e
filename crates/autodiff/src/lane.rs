//! The unit of computation: one number for each of 16 samples.
//!
//! A tensor over a block of samples is a slice with one [`Lane`] a feature, so the samples are the innermost, contiguous
//! axis. Every operation then works on whole vector registers, whatever its shape, and no sum ever runs across samples
//! before the very end: results do not depend on the width of the machine's registers.

use crate::Scalar;
use ndarray::ArrayView2;

/// Samples in a block.
pub const LANES: usize = 16;

/// One number for each sample of a block.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub struct Lane<T>(pub [T; LANES]);

impl<T: Scalar> Lane<T> {
    /// `x` for every sample.
    #[inline(always)]
    pub fn splat(x: T) -> Self {
        Self([x; LANES])
    }

    /// Zero for every sample.
    #[inline(always)]
    pub fn zero() -> Self {
        Self::splat(T::zero())
    }

    /// `f` of every sample's number.
    #[inline(always)]
    pub fn map(self, f: impl Fn(T) -> T) -> Self {
        let mut out = self;
        for v in &mut out.0 {
            *v = f(*v);
        }
        out
    }

    /// `f` of both numbers of every sample.
    #[inline(always)]
    pub fn zip(self, other: Self, f: impl Fn(T, T) -> T) -> Self {
        let mut out = self;
        for (v, o) in out.0.iter_mut().zip(other.0) {
            *v = f(*v, o);
        }
        out
    }

    /// `self + other`.
    #[inline(always)]
    pub fn plus(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    /// `self + x · w`, with one rounding.
    #[inline(always)]
    pub fn fma(self, x: Self, w: T) -> Self {
        let mut out = self;
        for (v, a) in out.0.iter_mut().zip(x.0) {
            *v = a.mul_add(w, *v);
        }
        out
    }

    /// `self + x · y`, with one rounding.
    #[inline(always)]
    pub fn fma_lane(self, x: Self, y: Self) -> Self {
        let mut out = self;
        for ((v, a), b) in out.0.iter_mut().zip(x.0).zip(y.0) {
            *v = a.mul_add(b, *v);
        }
        out
    }

    /// The sum over the samples, as a balanced tree: always in the same order.
    #[inline(always)]
    pub fn sum(self) -> T {
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

/// `f(to, a, b)` for every number of three streams of lanes.
///
/// Left to itself the compiler vectorizes such a loop across lanes, with gathers; a width that it cannot see keeps it within
/// a lane, which measured 12 times as fast.
#[inline(always)]
pub(crate) fn stream<T: Scalar>(to: &mut [Lane<T>], a: &[Lane<T>], b: &[Lane<T>], f: impl Fn(&mut T, T, T)) {
    let width = std::hint::black_box(LANES);
    for ((to, a), b) in to.iter_mut().zip(a).zip(b) {
        for ((to, &a), &b) in to.0.iter_mut().zip(&a.0).zip(&b.0).take(width) {
            f(to, a, b);
        }
    }
}

/// `f(to)` for every number of a stream of lanes, its loop kept within a lane as that of [`stream`].
#[inline(always)]
pub(crate) fn stream_in_place<T: Scalar>(to: &mut [Lane<T>], f: impl Fn(&mut T)) {
    let width = std::hint::black_box(LANES);
    for to in to {
        to.0.iter_mut().take(width).for_each(&f);
    }
}

/// Transposes rows `(samples ≤ 16, features)` into lanes; missing samples are zero.
pub(crate) fn load_rows<T: Scalar>(rows: ArrayView2<'_, T>, lanes: &mut [Lane<T>]) {
    for lane in lanes.iter_mut() {
        *lane = Lane::zero();
    }
    for (s, row) in rows.outer_iter().enumerate().take(LANES) {
        for (lane, &x) in lanes.iter_mut().zip(row) {
            lane.0[s] = x;
        }
    }
}

/// Writes one sample's numbers out of lanes.
pub(crate) fn store_sample<T: Scalar>(lanes: &[Lane<T>], sample: usize, row: &mut [T]) {
    for (lane, out) in lanes.iter().zip(row) {
        *out = lane.0[sample];
    }
}
