//! The choice of the instruction set when the program runs.

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

/// A computation that names its vector registers, because the compiler does not find them in [`Lane`](crate::lane::Lane)s by itself: a sum of
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
