//! The floating-point types a network can be evaluated in.

use crate::buffer::BufferPool;
use std::iter::Sum;

/// `f32` or `f64`.
///
/// Everything numeric in this crate is generic over this trait; `f64` serves the tests against dense references, `f32` is
/// what training uses.
pub trait Scalar: minima_linalg::Real + Sum {
    /// The nearest value to `x` in this precision.
    fn from_f64(x: f64) -> Self;

    /// The value as `f64`, exactly.
    fn as_f64(self) -> f64;

    /// The buffers of this precision.
    #[doc(hidden)]
    fn buffers() -> &'static BufferPool<Self>;
}

impl Scalar for f32 {
    #[inline(always)]
    fn from_f64(x: f64) -> Self {
        x as f32
    }

    #[inline(always)]
    fn as_f64(self) -> f64 {
        f64::from(self)
    }

    fn buffers() -> &'static BufferPool<Self> {
        static POOL: BufferPool<f32> = BufferPool::new();
        &POOL
    }
}

impl Scalar for f64 {
    #[inline(always)]
    fn from_f64(x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn as_f64(self) -> f64 {
        self
    }

    fn buffers() -> &'static BufferPool<Self> {
        static POOL: BufferPool<f64> = BufferPool::new();
        &POOL
    }
}
