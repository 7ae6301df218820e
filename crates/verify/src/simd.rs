//! The choice of the instruction set when the program runs, and the vector registers of lanes.

use crate::lane::{LANES, Lane};
use pulp::bytemuck::{cast_slice, cast_slice_mut};
use pulp::{Arch, Simd, WithSimd};

/// A computation that is compiled once for each instruction set. `run` and everything it calls must be
/// `#[inline(always)]`, because only inlined code is compiled for the wider registers.
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

/// The number of registers of a lane.
#[inline(always)]
pub(crate) fn parts<S: Simd>() -> usize {
    LANES / S::F32_LANES
}

/// One of the registers of a lane.
#[inline(always)]
pub(crate) fn part<S: Simd>(lane: &Lane, part: usize) -> S::f32s {
    cast_slice::<f32, S::f32s>(&lane.0)[part]
}

/// Overwrites one of the registers of a lane.
#[inline(always)]
pub(crate) fn set_part<S: Simd>(lane: &mut Lane, part: usize, to: S::f32s) {
    cast_slice_mut::<f32, S::f32s>(&mut lane.0)[part] = to;
}
