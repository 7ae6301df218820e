//! LU factorization with partial pivoting.

use crate::backend::Pivots;
use crate::power_of_two::PowerOfTwo;
use crate::{LinalgError, Real, precondition};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

/// The factors `P·A = L·U` of a general square matrix. Rows are exchanged for the largest pivot.
///
/// Golub & Van Loan, Matrix Computations, 4th edition, section 3.4 (blocked outer product form).
#[derive(Debug, Clone)]
pub struct Lu<R: Real> {
    /// `U` in the upper triangle with the diagonal, and `L`, with a unit diagonal, below it.
    factors: Array2<R>,
    pivots: Pivots,
    /// The scale applied to the matrix before factorization.
    factor: Option<PowerOfTwo>,
}

impl<R: Real> Lu<R> {
    /// Factors the n×n matrix `a` in place.
    ///
    /// # Errors
    /// - Returns [`LinalgError::Shape`] if `a` is not square, and [`LinalgError::NotFinite`] if it contains NaN or infinity.
    /// - Returns [`LinalgError::Singular`] if a pivot is exactly zero. As in LAPACK, a matrix that is singular only up to
    ///   rounding is accepted.
    /// - Returns [`LinalgError::Backend`] if the factors of a finite matrix overflow.
    pub fn factor(mut a: Array2<R>) -> Result<Self, LinalgError> {
        precondition::square("a", a.dim())?;
        precondition::finite("a", a.view())?;
        let largest = a.iter().fold(R::zero(), |most, x| most.max(x.abs()));
        let factor = PowerOfTwo::to_unit(largest);
        if let Some(factor) = factor {
            a.mapv_inplace(|x| factor.times(x));
        }
        let pivots = R::lu(&mut a)?;
        for (pivot, value) in a.diag().iter().enumerate() {
            if value.is_zero() {
                return Err(LinalgError::Singular { pivot });
            }
            if !value.is_finite() {
                return Err(LinalgError::Backend(format!("LU pivot {pivot} overflows to {value}")));
            }
        }
        Ok(Self { factors: a, pivots, factor })
    }

    /// The order n of the matrix.
    #[must_use]
    pub fn order(&self) -> usize {
        self.factors.nrows()
    }

    /// Solves `A·x = b` for `b` n×m; `x` is n×m in row-major order.
    ///
    /// # Errors
    /// Returns [`LinalgError::Shape`] if `b` does not have n rows, and [`LinalgError::NotFinite`] if it contains NaN or infinity.
    pub fn solve(&self, b: ArrayView2<'_, R>) -> Result<Array2<R>, LinalgError> {
        precondition::shape("b", b.dim(), (self.order(), b.ncols()))?;
        precondition::finite("b", b)?;
        let x = R::lu_solve(self.factors.view(), &self.pivots, b)?;
        Ok(match self.factor {
            None => x,
            Some(factor) => x.mapv_into(|x| factor.times(x)),
        })
    }

    /// Solves `A·x = b` for `b` and `x` of length n.
    ///
    /// # Errors
    /// Returns the errors of [`Lu::solve`] for `b` as one column.
    pub fn solve_vec(&self, b: ArrayView1<'_, R>) -> Result<Array1<R>, LinalgError> {
        self.solve(b.insert_axis(Axis(1))).map(|x| x.remove_axis(Axis(1)))
    }
}

/// Solves `a·x = b` for a general n×n `a` and n×m `b`: [`Lu::factor`], then [`Lu::solve`].
///
/// # Errors
/// Returns the errors of [`Lu::factor`] and [`Lu::solve`].
pub fn solve_general<R: Real>(a: Array2<R>, b: ArrayView2<'_, R>) -> Result<Array2<R>, LinalgError> {
    let order = precondition::square("a", a.dim())?;
    precondition::shape("b", b.dim(), (order, b.ncols()))?;
    Lu::factor(a)?.solve(b)
}
