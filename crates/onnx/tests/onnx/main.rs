//! Tests of the crate.
#![allow(clippy::unwrap_used, clippy::panic)]

mod export;
mod golden;
mod refused;
mod values;
