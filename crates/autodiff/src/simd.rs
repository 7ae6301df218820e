//! The choice of the instruction set when the program runs.

use crate::Scalar;
use crate::lane::{LANES, Lane};
use pulp::bytemuck::{Pod, cast_slice, cast_slice_mut};
use pulp::{Arch, NullaryFnOnce, Simd, WithSimd};

/// A computation that is compiled once for each instruction set.
///
/// Implement it for a struct of the arguments. `run` and everything it calls must be `#[inline(always)]`, because only
/// inlined code is compiled for the wider registers.
pub(crate) trait Kernel {
    fn run(self);
}

struct Inlined<K>(K);

impl<K: Kernel> NullaryFnOnce for Inlined<K> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.0.run();
    }
}

/// Runs `kernel` with the widest vectors of the CPU: AVX-512, AVX2 with FMA, NEON, or none.
pub(crate) fn dispatch<K: Kernel>(kernel: K) {
    Arch::new().dispatch(Inlined(kernel));
}

/// A computation that names its vector registers, because the compiler does not find them in [`Lane`]s by itself: a sum of
/// many products that has to stay in registers.
///
/// As for a [`Kernel`], everything that `run` calls must be `#[inline(always)]`.
pub(crate) trait VectorKernel {
    fn run<S: Simd>(self, simd: S);
}

struct OnVectors<K>(K);

impl<K: VectorKernel> WithSimd for OnVectors<K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.0.run(simd);
    }
}

/// Runs `kernel` with the widest vectors of the CPU.
pub(crate) fn vectorize<K: VectorKernel>(kernel: K) {
    Arch::new().dispatch(OnVectors(kernel));
}

/// Vector registers of a precision: a supertrait of [`Scalar`] that other crates cannot name.
pub trait Vectors: Pod {
    /// A register.
    type Vector<S: Simd>: Pod;

    /// `x` in every entry.
    fn splat<S: Simd>(simd: S, x: Self) -> Self::Vector<S>;

    /// `a + b`.
    fn plus<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;

    /// `a − b`.
    fn minus<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;

    /// `a · b`.
    fn times<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;

    /// `a · b + c`, with one rounding.
    fn fma<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>, c: Self::Vector<S>) -> Self::Vector<S>;
}

macro_rules! vectors {
    ($real:ty, $vector:ident, $splat:ident, $add:ident, $sub:ident, $mul:ident, $fma:ident) => {
        impl Vectors for $real {
            type Vector<S: Simd> = S::$vector;

            #[inline(always)]
            fn splat<S: Simd>(simd: S, x: Self) -> S::$vector {
                simd.$splat(x)
            }

            #[inline(always)]
            fn plus<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$add(a, b)
            }

            #[inline(always)]
            fn minus<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$sub(a, b)
            }

            #[inline(always)]
            fn times<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$mul(a, b)
            }

            #[inline(always)]
            fn fma<S: Simd>(simd: S, a: S::$vector, b: S::$vector, c: S::$vector) -> S::$vector {
                simd.$fma(a, b, c)
            }
        }
    };
}

vectors!(f32, f32s, splat_f32s, add_f32s, sub_f32s, mul_f32s, mul_add_f32s);
vectors!(f64, f64s, splat_f64s, add_f64s, sub_f64s, mul_f64s, mul_add_f64s);

/// The number of registers that hold one [`Lane`].
#[inline(always)]
pub(crate) fn parts<T: Scalar, S: Simd>() -> usize {
    LANES * size_of::<T>() / size_of::<T::Vector<S>>()
}

/// The registers of 16 numbers.
#[inline(always)]
pub(crate) fn registers<T: Scalar, S: Simd>(numbers: &[T; LANES]) -> &[T::Vector<S>] {
    cast_slice(numbers)
}

/// The registers of 16 numbers.
#[inline(always)]
pub(crate) fn registers_mut<T: Scalar, S: Simd>(numbers: &mut [T; LANES]) -> &mut [T::Vector<S>] {
    cast_slice_mut(numbers)
}

impl<T: Scalar> Lane<T> {
    /// One of the registers of this lane.
    #[inline(always)]
    pub(crate) fn part<S: Simd>(&self, part: usize) -> T::Vector<S> {
        registers::<T, S>(&self.0)[part]
    }

    /// Overwrites one of the registers of this lane.
    #[inline(always)]
    pub(crate) fn set_part<S: Simd>(&mut self, part: usize, to: T::Vector<S>) {
        registers_mut::<T, S>(&mut self.0)[part] = to;
    }
}
