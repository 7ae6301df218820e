//! Golden values for the tests that cross crates.

pub mod golden;
