//! The floating-point types in which a network can be evaluated.

use crate::buffer_pool::BufferPool;
use crate::exponential;
use crate::loss::{Loss, LossIn};
use crate::vectors::Vectors;
use std::iter::Sum;

/// `f32` or `f64`.
///
/// Everything numeric in this crate is generic over this trait. Training uses `f32`; tests against dense references use
/// `f64`.
pub trait Scalar: minima_linalg::Real + Sum + Vectors {
    /// The nearest value to `x` in this precision.
    fn from_f64(x: f64) -> Self;

    /// The value as `f64`, exactly.
    fn as_f64(self) -> f64;

    /// The complement `1 − erf(x)` of the error function, with a relative error of at most 8 units of rounding.
    fn erfc(self) -> Self;

    /// `eˣ`, with a relative error of at most 1.5 units of rounding. In single precision, loops over it are vectorized.
    #[doc(hidden)]
    fn exponential(self) -> Self;

    /// The first value for `f32`, the second for `f64`.
    #[doc(hidden)]
    fn by_precision<K: ByPrecision>(
        narrow: impl FnOnce() -> K::Of<f32>,
        wide: impl FnOnce() -> K::Of<f64>,
    ) -> K::Of<Self>;

    /// The buffer pool of this precision.
    #[doc(hidden)]
    fn buffers() -> &'static BufferPool<Self>;

    /// A loss in this precision.
    #[doc(hidden)]
    fn loss<'r, 'l>(loss: &'r (dyn Loss + 'l)) -> &'r (dyn LossIn<Self> + 'l);
}

/// A type for each precision.
#[doc(hidden)]
pub trait ByPrecision {
    /// The type for precision `T`.
    type Of<T: Scalar>;
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

    #[inline(always)]
    fn erfc(self) -> Self {
        exponential::erfc(self)
    }

    #[inline(always)]
    fn exponential(self) -> Self {
        exponential::exp(self)
    }

    fn by_precision<K: ByPrecision>(
        narrow: impl FnOnce() -> K::Of<f32>,
        _wide: impl FnOnce() -> K::Of<f64>,
    ) -> K::Of<Self> {
        narrow()
    }

    fn buffers() -> &'static BufferPool<Self> {
        static POOL: BufferPool<f32> = BufferPool::new();
        &POOL
    }

    fn loss<'r, 'l>(loss: &'r (dyn Loss + 'l)) -> &'r (dyn LossIn<Self> + 'l) {
        loss
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

    fn erfc(self) -> Self {
        libm::erfc(self)
    }

    fn exponential(self) -> Self {
        self.exp()
    }

    fn by_precision<K: ByPrecision>(
        _narrow: impl FnOnce() -> K::Of<f32>,
        wide: impl FnOnce() -> K::Of<f64>,
    ) -> K::Of<Self> {
        wide()
    }

    fn buffers() -> &'static BufferPool<Self> {
        static POOL: BufferPool<f64> = BufferPool::new();
        &POOL
    }

    fn loss<'r, 'l>(loss: &'r (dyn Loss + 'l)) -> &'r (dyn LossIn<Self> + 'l) {
        loss
    }
}

/// `a · b` in the precision of `b`, in eight partial sums. Their order is fixed, and they fill a vector register.
///
/// If the slices differ in length, the rest of the longer one is ignored.
pub fn mixed_dot<T: Scalar, R: Scalar>(a: &[T], b: &[R]) -> R {
    const PARTS: usize = 8;
    let b = b.get(..a.len()).unwrap_or(b);
    let (mut parts, (a_whole, a_rest), (b_whole, b_rest)) = ([R::zero(); PARTS], a.as_chunks(), b.as_chunks());
    for (a, b) in a_whole.iter().zip(b_whole) {
        let (a, b): (&[T; PARTS], &[R; PARTS]) = (a, b);
        for ((part, a), b) in parts.iter_mut().zip(a).zip(b) {
            *part += R::from_f64(a.as_f64()) * *b;
        }
    }
    let rest: R = a_rest.iter().zip(b_rest).map(|(a, b)| R::from_f64(a.as_f64()) * *b).sum();
    parts.into_iter().sum::<R>() + rest
}
