//! What the commands refuse, and how: exit code 2 and one line on standard error, before anything is computed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail so")]

mod full_disk;
mod other_data;
mod program;
mod seeds;
mod threads;
