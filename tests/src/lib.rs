//! Golden values, hostile bytes, and properties that hold whatever the numbers are, for the tests that cross crates.

pub mod golden;
pub mod hostile;
pub mod property;

/// README's example, compiled and run as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
