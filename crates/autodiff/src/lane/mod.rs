//! The unit of computation: one number for each of 16 samples.
//!
//! A tensor over a block of samples is a slice with one [`Lane`] per feature, so samples are the innermost, contiguous
//! axis. Operations of any shape then work on whole vector registers. Samples are summed only at the very end, so
//! results do not depend on the width of the registers.

mod arithmetic;
pub(crate) mod registers;
pub(crate) mod slices;
pub(crate) mod transpose;

/// Samples in a block.
pub(crate) const LANES: usize = 16;

/// One number for each sample of a block.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Lane<T>(pub [T; LANES]);
