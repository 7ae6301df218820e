//! The program is killed, stopped, or run on a failing disk. The same command resumes and writes the same bytes.
#![cfg(unix)]

pub(crate) mod bench;
mod crash;
mod ctrl_c;
mod disk;
mod folders;
mod going_wrong;
mod parts;
