//! Golden values and hostile bytes for the tests that cross crates.

pub mod golden;
pub mod hostile;

/// README's example, compiled and run as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
