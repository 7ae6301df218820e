//! The errors of measuring a network.

use minima_autodiff::AutodiffError;
use minima_curvature::CurvatureError;

/// What can go wrong when a network is measured, or measurements are summed up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// The images or labels do not fit each other or the network.
    #[error(transparent)]
    Autodiff(#[from] AutodiffError),
    /// A product with a curvature matrix, or what is made of it, failed.
    #[error(transparent)]
    Curvature(#[from] CurvatureError),
    /// There is nothing to measure.
    #[error("no {what}; expected at least one")]
    Empty {
        /// What there is none of.
        what: &'static str,
    },
    /// A measured number is infinite or not a number, as those of a diverged network are.
    #[error("{what} number {place} is {found}; expected a finite number")]
    NotFinite {
        /// What was measured.
        what: &'static str,
        /// Its place among the images or values.
        place: usize,
        /// The number.
        found: f64,
    },
    /// The radius of a perturbation is negative, infinite or not a number.
    #[error("rho is {found:?}; expected a finite number of at least 0")]
    Rho {
        /// The radius.
        found: f64,
    },
    /// Statistics that belong together are of different images, or were resampled unequally often.
    #[error("{found} images or resamples; expected {expected}, as of the other statistics")]
    Resamples {
        /// How many.
        found: usize,
        /// How many the others have.
        expected: usize,
    },
    /// What logits are to be multiplied by is not a positive finite number.
    #[error("the logits' factor is {found:?}; expected a finite number above 0")]
    LogitFactor {
        /// The factor.
        found: f64,
    },
    /// A network's last layer with parameters is not the one that makes the logits.
    #[error("the last parameters are \"{found}\"; expected the kernel of a dense layer with an output for each class")]
    LastLayer {
        /// Their name.
        found: String,
    },
    /// Batches of no images.
    #[error("batches of 0 images; expected at least 1")]
    BatchSize,
    /// A histogram's edges are fewer than two, not finite, or do not ascend.
    #[error("histogram edges: {found}; expected at least two finite numbers, each above the one before")]
    Edges {
        /// What is wrong with them.
        found: String,
    },
}

/// Fails at the first number that is not finite.
pub(crate) fn all_finite(what: &'static str, values: &[f64]) -> Result<(), MetricsError> {
    match values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        Some((place, &found)) => Err(MetricsError::NotFinite { what, place, found }),
        None => Ok(()),
    }
}
