//! The errors of this crate.

use minima_autodiff::AutodiffError;
use minima_linalg::LinalgError;

/// An error of a product, a solve or an estimate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CurvatureError {
    /// The network could not be evaluated or differentiated.
    #[error(transparent)]
    Autodiff(#[from] AutodiffError),
    /// Dense linear algebra failed.
    #[error(transparent)]
    Linalg(#[from] LinalgError),
    /// The size of a vector or an operator does not fit.
    #[error("{what}: the size is {found:?}; expected {expected:?}")]
    Size {
        /// What has the wrong size.
        what: &'static str,
        /// The actual size.
        found: Vec<usize>,
        /// The expected size.
        expected: Vec<usize>,
    },
    /// The value of an option is invalid.
    #[error("{option} is {found:?}; expected {expected}")]
    Option {
        /// The option's name.
        option: &'static str,
        /// The option's value.
        found: f64,
        /// The valid values.
        expected: &'static str,
    },
    /// A computed value is NaN or infinite.
    #[error("{what} is {found:?}; expected a finite number")]
    NotFinite {
        /// What was computed.
        what: &'static str,
        /// The computed value.
        found: f64,
    },
    /// A matrix that must be positive definite is not.
    #[error("{what} is not positive definite: its quadratic form takes the value {found:?}")]
    NotPositiveDefinite {
        /// The matrix.
        what: &'static str,
        /// A value of its quadratic form.
        found: f64,
    },
    /// An iteration stopped before it reached its tolerance.
    #[error("{what} stopped at {found:e} after {iterations} iterations; its tolerance is {tolerance:e}")]
    NotConverged {
        /// The iteration.
        what: &'static str,
        /// The number of iterations.
        iterations: usize,
        /// The value reached.
        found: f64,
        /// The tolerance.
        tolerance: f64,
    },
}
