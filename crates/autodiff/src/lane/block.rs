//! A block of samples, and one number for each of them.

/// Samples in a block.
pub const LANES: usize = 16;

/// One number for each sample of a block.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub struct Lane<T>(pub [T; LANES]);
