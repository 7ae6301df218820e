//! The vector registers of a lane.

use super::{LANES, Lane};
use crate::vectors::Vectors;
use pulp::Simd;
use pulp::bytemuck::{cast_slice, cast_slice_mut};

/// The number of registers that hold one [`Lane`].
#[inline(always)]
pub(crate) fn parts<T: Vectors, S: Simd>() -> usize {
    LANES * size_of::<T>() / size_of::<T::Vector<S>>()
}

/// The registers of 16 numbers.
#[inline(always)]
pub(crate) fn registers<T: Vectors, S: Simd>(numbers: &[T; LANES]) -> &[T::Vector<S>] {
    cast_slice(numbers)
}

/// The registers of 16 numbers.
#[inline(always)]
pub(crate) fn registers_mut<T: Vectors, S: Simd>(numbers: &mut [T; LANES]) -> &mut [T::Vector<S>] {
    cast_slice_mut(numbers)
}

impl<T: Vectors> Lane<T> {
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
