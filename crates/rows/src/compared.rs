//! How the rows of a file are compared between two results folders: which columns identify a row, which columns are compared, and
//! how much noise they have.

use crate::Record;

/// How far the numbers of two results folders may differ by chance, if each has one seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Noise {
    /// A count among the total in another column.
    CountAmong(&'static str),
    /// A count among the test images.
    CountAmongTest,
    /// A share of the test images.
    ShareOfTest,
    /// A share of this number of images.
    ShareOf(f64),
    /// The difference may be this share of the larger number. For quantities that are not counts, whose noise cannot be computed
    /// from one seed.
    Relative(f64),
    /// Numbers or words must be equal, for any number of seeds.
    Exact,
}

impl Noise {
    /// Mean losses. Late in training, the losses of runs that differ only in rounding differ by 1 to 3 %.
    pub const LOSS: Self = Self::Relative(0.05);
    /// Medians, means and quantiles over the test images, and norms of weights.
    pub const QUANTILE: Self = Self::Relative(0.1);
    /// Eigenvalues and traces. The sharpest directions vary most.
    pub const CURVATURE: Self = Self::Relative(0.2);
    /// Training accuracies near 1. The files do not contain the number of images.
    pub const ACCURACY: Self = Self::Relative(0.01);
    /// Rates that are interpolated between checkpoints.
    pub const RATE: Self = Self::Relative(0.1);
}

/// Rows that are compared between two results folders.
pub trait Compared: Record {
    /// The paths of such files in a results folder.
    const FILES: &'static [&'static str];
    /// The columns that identify a row, without the seed.
    const KEYS: &'static [&'static str];
    /// If set, only the row with the largest number in this column is compared among rows of equal keys and seed. Otherwise all
    /// keys must differ.
    const LAST: Option<&'static str> = None;
    /// The columns that are compared.
    const METRICS: &'static [(&'static str, Noise)];
}
