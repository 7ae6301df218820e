//! The errors of this crate.

use minima_autodiff::AutodiffError;
use minima_linalg::LinalgError;

/// Why a product, a solve or an estimate gave no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CurvatureError {
    /// The network could not be evaluated or differentiated.
    #[error(transparent)]
    Autodiff(#[from] AutodiffError),
    /// Dense linear algebra failed.
    #[error(transparent)]
    Linalg(#[from] LinalgError),
    /// A vector or an operator has another size than its partner.
    #[error("{what} is of size {found:?}; expected {expected:?}")]
    Size {
        /// What it is.
        what: &'static str,
        /// Its size.
        found: Vec<usize>,
        /// The size that fits.
        expected: Vec<usize>,
    },
    /// An option has a value that makes no sense.
    #[error("{option} is {found:?}; expected {expected}")]
    Option {
        /// Its name.
        option: &'static str,
        /// Its value.
        found: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// A number came out that is none.
    #[error("{what} is {found:?}; expected a finite number")]
    NotFinite {
        /// What it is.
        what: &'static str,
        /// Its value.
        found: f64,
    },
    /// A matrix that must be positive definite is not.
    #[error("{what} is not positive definite: its quadratic form is {found:?} somewhere")]
    NotPositiveDefinite {
        /// Which matrix.
        what: &'static str,
        /// A value of its quadratic form.
        found: f64,
    },
    /// An iteration stopped short of its tolerance.
    #[error("{what} stopped at {found:e} after {iterations} iterations; its tolerance is {tolerance:e}")]
    NotConverged {
        /// Which iteration.
        what: &'static str,
        /// How many iterations it took.
        iterations: usize,
        /// What it had reached.
        found: f64,
        /// What it should have reached.
        tolerance: f64,
    },
}
