//! The unit of computation: one number for each of 16 samples.
//!
//! A tensor over a block of samples is a slice with one [`Lane`] a feature, so the samples are the innermost, contiguous
//! axis. Every operation then works on whole vector registers, whatever its shape, and no sum ever runs across samples
//! before the very end: results do not depend on the width of the machine's registers.

mod arithmetic;
mod block;
mod rows;
mod streams;

pub use block::{LANES, Lane};
pub(crate) use rows::{load_rows, store_sample};
pub(crate) use streams::{stream, stream_in_place};
