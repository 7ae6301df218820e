//! Compares two results folders metric by metric and finds changes beyond noise.
//!
//! Rows are paired by all identifying columns. With several seeds on both sides, the difference is tested over seeds: with a
//! paired test if the folders share at least two seeds, otherwise with Welch's test. With one seed, counts of images are tested
//! as proportions of independent images, which is conservative because the images are the same. Other numbers have a tolerance.
//! p-values are corrected by Holm's procedure within each file. A file whose results differ only by chance is therefore called
//! changed in at most one of twenty cases. One seed cannot show how much another seed would have changed.
//!
//! Folders with parts are compared part by part.

mod error;
mod folders;
mod judgement;
mod layout;
mod parts;
mod result_file;
mod summary;

pub use error::ComparisonError;
pub use folders::{Comparison, FileComparison, MetricComparison, compare};
pub use parts::{PartComparison, PartsComparison, compare_parts};
