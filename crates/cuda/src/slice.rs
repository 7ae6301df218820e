//! A part of a buffer, as kernels read and write it.

use crate::CudaError;
use crate::device::{Arg, Device, Element, Memory, Operand};
use std::ops::Range;

/// Consecutive numbers of a buffer in a device's memory.
///
/// Kernels write through shared references: the order of launches, not the borrow checker, determines who writes when.
/// A launcher's documentation says which of its slices may overlap. Otherwise a slice that it writes must not overlap
/// any other.
pub struct Slice<'a, D: Device, T: Element> {
    buffer: &'a D::Buffer<T>,
    offset: usize,
    len: usize,
}

impl<D: Device, T: Element> Clone for Slice<'_, D, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D: Device, T: Element> Copy for Slice<'_, D, T> {}

impl<'a, D: Device, T: Element> Slice<'a, D, T> {
    /// All of a buffer.
    pub fn all(buffer: &'a D::Buffer<T>) -> Self {
        Self { buffer, offset: 0, len: buffer.len() }
    }

    /// The numbers of `range` within a buffer.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if the range extends beyond the buffer.
    pub fn range(buffer: &'a D::Buffer<T>, range: Range<usize>) -> Result<Self, CudaError> {
        Self::all(buffer).part(range)
    }

    /// The numbers of `range` within this slice.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if the range extends beyond this slice.
    pub fn part(self, range: Range<usize>) -> Result<Self, CudaError> {
        if range.start > range.end || range.end > self.len {
            return Err(CudaError::Length { what: "the end of a slice", found: range.end, expected: self.len });
        }
        Ok(Self { buffer: self.buffer, offset: self.offset + range.start, len: range.end - range.start })
    }

    /// The number of its numbers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Its numbers, if it is a whole buffer.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if it is a part of a buffer, and a [`CudaError`] if the device fails.
    pub(crate) fn download(&self, device: &D) -> Result<Vec<T>, CudaError> {
        if self.len != self.buffer.len() {
            return Err(CudaError::Length { what: "a whole buffer", found: self.len, expected: self.buffer.len() });
        }
        let mut numbers = vec![T::default(); self.len];
        device.download(self.buffer, &mut numbers)?;
        Ok(numbers)
    }

    /// Fails unless its length is `expected`.
    pub(crate) fn check(&self, what: &'static str, expected: usize) -> Result<(), CudaError> {
        if self.len == expected {
            return Ok(());
        }
        Err(CudaError::Length { what, found: self.len, expected })
    }
}

impl<'a, D: Device> Slice<'a, D, f32> {
    /// Column-major matrices that begin with this slice: columns are `leading` numbers apart, and matrices `stride`.
    pub(crate) fn operand(self, leading: usize, stride: usize) -> Operand<'a, D> {
        Operand { buffer: self.buffer, offset: self.offset, count: self.len, leading, stride }
    }
}

/// A type whose slices can be arguments of kernels.
pub(crate) trait Passed: Element {
    /// The argument for a slice.
    fn arg<'a, D: Device>(slice: Slice<'a, D, Self>) -> Arg<'a, D>;
}

impl Passed for f32 {
    fn arg<'a, D: Device>(slice: Slice<'a, D, Self>) -> Arg<'a, D> {
        Arg::F32(slice.buffer, slice.offset, slice.len)
    }
}

impl Passed for f64 {
    fn arg<'a, D: Device>(slice: Slice<'a, D, Self>) -> Arg<'a, D> {
        Arg::F64(slice.buffer, slice.offset, slice.len)
    }
}

impl Passed for u32 {
    fn arg<'a, D: Device>(slice: Slice<'a, D, Self>) -> Arg<'a, D> {
        Arg::U32(slice.buffer, slice.offset, slice.len)
    }
}
