//! Invalid input is refused with exit code 2 and one line on standard error, before any computation.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail so")]

mod full_disk;
mod other_data;
mod program;
mod seeds;
mod threads;
