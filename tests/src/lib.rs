//! Golden values for the tests that cross crates.

pub mod golden;

/// README's example, compiled and run as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
