//! The report's sentences follow from the numbers.

mod agreement;
mod coverage;
mod curvature;
mod ranking;
mod run;
