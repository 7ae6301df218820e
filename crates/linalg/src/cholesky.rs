//! Cholesky factorization.

use crate::power_of_two::PowerOfTwo;
use crate::{LinalgError, Real, precondition};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use num_traits::NumCast;

/// The Cholesky factor `L` of a symmetric positive definite matrix `L·Lᵀ`.
///
/// Golub & Van Loan, Matrix Computations, 4th edition, algorithm 4.2.4 (blocked outer product form).
#[derive(Debug, Clone)]
pub struct Cholesky<R: Real> {
    /// `L` in the lower triangle. The upper triangle of the input is unchanged.
    factor: Array2<R>,
}

impl<R: Real> Cholesky<R> {
    /// Factors the symmetric n×n matrix whose lower triangle is in `a`, in place. Elements above the diagonal are not read.
    ///
    /// # Errors
    /// - Returns [`LinalgError::Shape`] if `a` is not square.
    /// - Returns [`LinalgError::NotFinite`] if the lower triangle contains NaN or infinity.
    /// - Returns [`LinalgError::NotPositiveDefinite`] if a pivot is not a positive finite number.
    pub fn factor(mut a: Array2<R>) -> Result<Self, LinalgError> {
        precondition::square("a", a.dim())?;
        // The largest element of a positive definite matrix is on its diagonal.
        let largest = precondition::finite_lower("a", a.view())?;
        match PowerOfTwo::to_unit(largest).map(PowerOfTwo::even) {
            None => R::cholesky(&mut a)?,
            Some(factor) => {
                a.mapv_inplace(|x| factor.times(x));
                R::cholesky(&mut a)?;
                a.mapv_inplace(|x| factor.root().inverse().times(x));
            }
        }
        match a.diag().iter().position(|d| !(d.is_finite() && *d > R::zero())) {
            Some(pivot) => Err(LinalgError::NotPositiveDefinite { pivot }),
            None => Ok(Self { factor: a }),
        }
    }

    /// The order n of the matrix.
    #[must_use]
    pub fn order(&self) -> usize {
        self.factor.nrows()
    }

    /// Solves `L·Lᵀ·x = b` for `b` n×m; `x` is n×m in row-major order.
    ///
    /// # Errors
    /// Returns [`LinalgError::Shape`] if `b` does not have n rows, and [`LinalgError::NotFinite`] if it contains NaN or infinity.
    pub fn solve(&self, b: ArrayView2<'_, R>) -> Result<Array2<R>, LinalgError> {
        precondition::shape("b", b.dim(), (self.order(), b.ncols()))?;
        precondition::finite("b", b)?;
        R::cholesky_solve(self.factor.view(), b)
    }

    /// Solves `L·Lᵀ·x = b` for `b` and `x` of length n.
    ///
    /// # Errors
    /// Returns the errors of [`Cholesky::solve`] for `b` as one column.
    pub fn solve_vec(&self, b: ArrayView1<'_, R>) -> Result<Array1<R>, LinalgError> {
        self.solve(b.insert_axis(Axis(1))).map(|x| x.remove_axis(Axis(1)))
    }

    /// The inverse of the matrix, in the factor's memory: the numbers of [`solve`](Self::solve) with the identity.
    ///
    /// # Errors
    /// Returns [`LinalgError::Backend`] if LAPACK fails.
    pub fn into_inverse(mut self) -> Result<Array2<R>, LinalgError> {
        R::cholesky_inverse(&mut self.factor)?;
        Ok(self.factor)
    }

    /// The matrix with `L` in its lower triangle. Elements above the diagonal are arbitrary.
    #[must_use]
    pub fn into_factor(self) -> Array2<R> {
        self.factor
    }

    /// The natural logarithm of the matrix's determinant, summed in double precision; 0 for n = 0.
    #[must_use]
    pub fn log_det(&self) -> R {
        let half: f64 = self.factor.diag().iter().map(|d| d.to_f64().unwrap_or(f64::NAN).ln()).sum();
        <R as NumCast>::from(2.0 * half).unwrap_or_else(R::nan)
    }
}
