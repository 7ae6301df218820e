//! The unit of computation: one number for each of 16 samples.
//!
//! A tensor over a block of samples is a slice with one [`Lane`] per feature, so samples are the innermost, contiguous
//! axis. Operations of any shape then work on whole vector registers. Samples are summed only at the very end, so
//! results do not depend on the width of the registers.

mod arithmetic;
mod block;
mod rows;
mod streams;

pub use block::{LANES, Lane};
pub(crate) use rows::{load_rows, store_sample};
pub(crate) use streams::{stream, stream_in_place};
