//! How the rows of a file are compared between two folders of results: what identifies a row, which columns are numbers of interest,
//! and how much noise they have.

use crate::Record;

/// How far a number may be off without anything having changed, when each side has it from one seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Noise {
    /// A count among as many as another column says.
    CountAmong(&'static str),
    /// A count among the test images.
    CountAmongTest,
    /// A share of the test images.
    ShareOfTest,
    /// A share of so many images.
    ShareOf(f64),
    /// Off by this share of the larger one; what is no count has no noise of its own to be measured from one seed.
    Relative(f64),
    /// None: numbers or words must be equal, seeds or not.
    Exact,
}

impl Noise {
    /// Mean losses: runs that differ in rounding alone part by 1 to 3 % of a late training loss.
    pub const LOSS: Self = Self::Relative(0.05);
    /// Medians, means and quantiles over the test images, norms of weights.
    pub const QUANTILE: Self = Self::Relative(0.1);
    /// Eigenvalues and traces: the sharpest directions move most.
    pub const CURVATURE: Self = Self::Relative(0.2);
    /// Training accuracies near 1, whose images are not counted in the files.
    pub const ACCURACY: Self = Self::Relative(0.01);
    /// Rates that are interpolated between checkpoints.
    pub const RATE: Self = Self::Relative(0.1);
}

/// Rows that two folders of results are compared by.
pub trait Compared: Record {
    /// Where such files are, in a folder of results.
    const FILES: &'static [&'static str];
    /// The columns that identify a row, without the seed.
    const KEYS: &'static [&'static str];
    /// If set, only the row with the largest number in this column counts among rows of equal keys and seed. Otherwise all keys differ.
    const LAST: Option<&'static str> = None;
    /// The columns that are compared.
    const METRICS: &'static [(&'static str, Noise)];
}
