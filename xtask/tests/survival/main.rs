//! The real program, killed, stopped, and with a disk that fails: it goes on with the same command to the same bytes.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may fail so")]

mod bench;
mod crash;
mod ctrl_c;
mod disk;
mod folders;
mod going_wrong;
