//! The report's sentences follow from the numbers.

#![allow(clippy::unwrap_used, clippy::panic)]

mod agreement;
mod coverage;
mod curvature;
mod ranking;
mod run;
