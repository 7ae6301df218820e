//! Invalid input is refused with exit code 2 and one line on standard error, before any computation.

mod full_disk;
mod other_data;
mod program;
mod seeds;
mod threads;
