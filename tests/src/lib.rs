//! Golden values for the tests that cross crates, and properties that hold whatever the numbers are.

pub mod golden;
pub mod property;

/// README's example, compiled and run as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
