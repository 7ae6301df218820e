//! Tests of the crate.
#![allow(clippy::unwrap_used, clippy::panic)]

mod answers;
mod forms;
mod points;
mod published;
mod refused;
mod sizes;
