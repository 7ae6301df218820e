//! What can go wrong.

/// Why a routine of this crate gave no result. Sizes and positions are (rows, columns) and count from 0.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LinalgError {
    /// An argument's size does not fit the others'.
    #[error("{what} is {} by {}, expected {} by {}", found.0, found.1, expected.0, expected.1)]
    Shape {
        /// The argument.
        what: &'static str,
        /// Its size.
        found: (usize, usize),
        /// The size that fits.
        expected: (usize, usize),
    },
    /// An argument holds a NaN or an infinity.
    #[error("{what} is not finite at row {row}, column {col}")]
    NotFinite {
        /// The argument.
        what: &'static str,
        /// Row of the first such element.
        row: usize,
        /// Column of the first such element.
        col: usize,
    },
    /// A Cholesky pivot is not a positive number: the matrix is not positive definite in this precision.
    #[error("the matrix is not positive definite: pivot {pivot} is not positive")]
    NotPositiveDefinite {
        /// Index of the first such pivot; the leading block before it is positive definite.
        pivot: usize,
    },
    /// An LU pivot is exactly zero.
    #[error("the matrix is singular: pivot {pivot} is zero")]
    Singular {
        /// Index of the first zero pivot.
        pivot: usize,
    },
    /// A matrix `A − v vᵀ` is singular but for rounding: `1 − vᵀA⁻¹v`, by which its inverse divides, is zero next to its terms.
    #[error("the matrix is singular: 1 - vᵀA⁻¹v is {found:e}, zero next to its terms of {scale:e}")]
    SingularUpdate {
        /// `1 − vᵀA⁻¹v`.
        found: f64,
        /// The size of the terms that it is the sum of.
        scale: f64,
    },
    /// The backend failed otherwise: no convergence, or a finite input whose factors overflow.
    #[error("linear algebra backend: {0}")]
    Backend(String),
}

impl LinalgError {
    /// Fails where `1 − vᵀA⁻¹v`, computed in a precision with this `epsilon` from terms of the size `scale`, is zero but for rounding.
    ///
    /// # Errors
    /// [`LinalgError::SingularUpdate`].
    pub fn check_update(found: f64, scale: f64, epsilon: f64) -> Result<(), Self> {
        // Sums over hundreds of rows round a thousand times.
        match found.abs() > 1e3 * epsilon * scale {
            true => Ok(()),
            false => Err(Self::SingularUpdate { found, scale }),
        }
    }
}
