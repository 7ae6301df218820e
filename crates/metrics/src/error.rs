//! The errors of measurements.

use minima_autodiff::AutodiffError;
use minima_curvature::CurvatureError;

/// An error of a measurement of a network, or of a summary of measurements.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// The images or labels do not fit each other or the network.
    #[error(transparent)]
    Autodiff(#[from] AutodiffError),
    /// A product with a curvature matrix, or a computation from such products, failed.
    #[error(transparent)]
    Curvature(#[from] CurvatureError),
    /// There is nothing to measure.
    #[error("0 {what}; expected at least 1")]
    Empty {
        /// What is missing.
        what: &'static str,
    },
    /// A measured number is infinite or NaN, as for a diverged network.
    #[error("{what} number {place} is {found}; expected a finite number")]
    NotFinite {
        /// What was measured.
        what: &'static str,
        /// Its index among the images or values.
        place: usize,
        /// The number.
        found: f64,
    },
    /// The radius of a perturbation is negative, infinite or NaN.
    #[error("rho is {found:?}; expected a finite number of at least 0")]
    Rho {
        /// The radius.
        found: f64,
    },
    /// Statistics that are combined differ in their images or in their number of resamples.
    #[error("{found} images or resamples; expected {expected} as in the other statistics")]
    Resamples {
        /// The number found.
        found: usize,
        /// The number of the other statistics.
        expected: usize,
    },
    /// The factor of the logits is not a positive finite number.
    #[error("the logits' factor is {found:?}; expected a finite number above 0")]
    LogitFactor {
        /// The factor.
        found: f64,
    },
    /// The last layer with parameters does not compute the logits.
    #[error("the last parameters are \"{found}\"; expected the kernel of a dense layer with an output for each class")]
    LastLayer {
        /// The name of the parameters.
        found: String,
    },
    /// The batch size is zero.
    #[error("batches of 0 images; expected at least 1")]
    BatchSize,
    /// A histogram has fewer than two edges, or its edges are not finite or not ascending.
    #[error("histogram edges: {found}; expected at least two finite numbers in increasing order")]
    Edges {
        /// The invalid edges.
        found: String,
    },
}

/// Returns [`MetricsError::NotFinite`] for the first number that is not finite.
pub(crate) fn all_finite(what: &'static str, values: &[f64]) -> Result<(), MetricsError> {
    match values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        Some((place, &found)) => Err(MetricsError::NotFinite { what, place, found }),
        None => Ok(()),
    }
}
