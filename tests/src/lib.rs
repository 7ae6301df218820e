//! Golden values, hostile files, and properties that hold for any values, for the tests across crates.

pub mod golden;
pub mod hostile;
pub mod property;

/// The example in the README, compiled and run as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
