//! Inverses as operators.

use crate::arguments::order;
use crate::{CgEnd, CgOptions, CurvatureError, LinearOperator, SymmetricOperator, conjugate_gradient};
use minima_autodiff::Scalar;
use minima_linalg::Cholesky;
use ndarray::{Array2, ArrayView1, ArrayView2};

/// `A⁻¹`, computed by conjugate gradients in every product.
///
/// Products are linear within the tolerance. A solve that does not converge is an error, so that the result of a few
/// iterations is not mistaken for an inverse; use [`conjugate_gradient`] for a fixed number of iterations.
pub struct CgInverse<'a, T: Scalar, A> {
    a: A,
    options: CgOptions,
    preconditioner: Option<&'a dyn SymmetricOperator<T>>,
}

impl<'a, T: Scalar, A: SymmetricOperator<T>> CgInverse<'a, T, A> {
    /// The inverse of a positive definite matrix.
    #[must_use]
    pub fn new(a: A, options: CgOptions) -> Self {
        Self { a, options, preconditioner: None }
    }

    /// Sets the preconditioner of the solves: an approximate inverse, itself positive definite.
    #[must_use]
    pub fn with_preconditioner(self, preconditioner: &'a dyn SymmetricOperator<T>) -> Self {
        Self { preconditioner: Some(preconditioner), ..self }
    }
}

impl<T: Scalar, A: SymmetricOperator<T>> LinearOperator<T> for CgInverse<'_, T, A> {
    fn shape(&self) -> [usize; 2] {
        self.a.shape()
    }

    fn apply(&self, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        let solution = conjugate_gradient(&self.a, v, &self.options, self.preconditioner, None)?;
        match (solution.ended, solution.negative_curvature) {
            (CgEnd::Converged, _) => Ok(solution.x),
            (_, Some(found)) => Err(CurvatureError::NotPositiveDefinite { what: "the matrix", found: found.curvature }),
            (_, None) => Err(CurvatureError::NotConverged {
                what: "conjugate gradients",
                iterations: solution.log.len(),
                found: solution.residual,
                tolerance: self.options.tolerance,
            }),
        }
    }
}

impl<T: Scalar, A: SymmetricOperator<T>> SymmetricOperator<T> for CgInverse<'_, T, A> {}

/// `A⁻¹` from a Cholesky factor of the full matrix. It takes n products to form the matrix, n³/3 operations to factor
/// it, and 2 n² operations per product.
#[derive(Clone, Debug)]
pub struct FactoredInverse<T: Scalar> {
    factor: Cholesky<T>,
}

impl<T: Scalar> FactoredInverse<T> {
    /// The inverse of a positive definite matrix. Only the lower triangle of its products with the unit vectors is
    /// used.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if A is not square, [`CurvatureError::Linalg`] if the matrix is not finite and
    /// positive definite, and the errors of the products.
    pub fn new<A: SymmetricOperator<T> + ?Sized>(a: &A) -> Result<Self, CurvatureError> {
        order(a)?;
        Ok(Self { factor: Cholesky::factor(a.to_dense()?)? })
    }

    /// The logarithm of the determinant of A.
    #[must_use]
    pub fn log_det(&self) -> f64 {
        self.factor.log_det().as_f64()
    }
}

impl<T: Scalar> LinearOperator<T> for FactoredInverse<T> {
    fn shape(&self) -> [usize; 2] {
        [self.factor.order(); 2]
    }

    fn apply(&self, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        self.check(v)?;
        Ok(self.factor.solve_vec(ArrayView1::from(v))?.to_vec())
    }

    fn apply_columns(&self, v: ArrayView2<'_, T>) -> Result<Array2<T>, CurvatureError> {
        Ok(self.factor.solve(v)?)
    }
}

impl<T: Scalar> SymmetricOperator<T> for FactoredInverse<T> {}

/// Inverses of positive definite operators, as methods.
pub trait Invertible<T: Scalar>: SymmetricOperator<T> + Sized {
    /// The inverse by conjugate gradients; see [`CgInverse`].
    fn inverse_by_cg<'a>(self, options: CgOptions) -> CgInverse<'a, T, Self> {
        CgInverse::new(self, options)
    }

    /// The inverse by a Cholesky factorization; see [`FactoredInverse`].
    ///
    /// # Errors
    /// Returns the errors of [`FactoredInverse::new`].
    fn inverse_by_factor(&self) -> Result<FactoredInverse<T>, CurvatureError> {
        FactoredInverse::new(self)
    }
}

impl<T: Scalar, A: SymmetricOperator<T>> Invertible<T> for A {}
