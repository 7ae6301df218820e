//! The errors of this crate.

/// An error of a routine in this crate. Sizes are (rows, columns); indices start at 0.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LinalgError {
    /// The size of an argument does not match the other arguments.
    #[error("{what} is {} by {}, expected {} by {}", found.0, found.1, expected.0, expected.1)]
    Shape {
        /// The argument.
        what: &'static str,
        /// The size of the argument.
        found: (usize, usize),
        /// The required size.
        expected: (usize, usize),
    },
    /// An argument contains NaN or infinity.
    #[error("{what} is NaN or infinite at row {row}, column {col}")]
    NotFinite {
        /// The argument.
        what: &'static str,
        /// Row of the first such element.
        row: usize,
        /// Column of the first such element.
        col: usize,
    },
    /// A Cholesky pivot is not a positive finite number: the matrix is not positive definite in this precision.
    #[error("the matrix is not positive definite: pivot {pivot} is not positive")]
    NotPositiveDefinite {
        /// Index of the first such pivot. The leading block before it is positive definite.
        pivot: usize,
    },
    /// An LU pivot is exactly zero.
    #[error("the matrix is singular: pivot {pivot} is zero")]
    Singular {
        /// Index of the first zero pivot.
        pivot: usize,
    },
    /// A matrix `A − v vᵀ` is singular up to rounding: its inverse divides by `1 − vᵀA⁻¹v`, which is zero relative to its terms.
    #[error("the matrix is singular: 1 - vᵀA⁻¹v is {found:e}, zero up to the rounding of its terms of size {scale:e}")]
    SingularUpdate {
        /// The computed `1 − vᵀA⁻¹v`.
        found: f64,
        /// The size of the terms summed to `1 − vᵀA⁻¹v`.
        scale: f64,
    },
    /// Another failure of the backend: no convergence, or a finite input whose factors overflow.
    #[error("linear algebra backend: {0}")]
    Backend(String),
}

impl LinalgError {
    /// Checks that `found`, a computed `1 − vᵀA⁻¹v`, is not zero up to rounding. `scale` is the size of its terms, `epsilon` the
    /// machine epsilon of the computation.
    ///
    /// # Errors
    /// Returns [`LinalgError::SingularUpdate`] if `|found|` is at most `1000 epsilon scale`, or NaN.
    pub fn check_update(found: f64, scale: f64, epsilon: f64) -> Result<(), Self> {
        // Sums over hundreds of rows have about a thousand roundings.
        match found.abs() > 1e3 * epsilon * scale {
            true => Ok(()),
            false => Err(Self::SingularUpdate { found, scale }),
        }
    }
}
