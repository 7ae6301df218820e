//! Inverses as operators.

use crate::arguments::order;
use crate::{CgEnd, CgOptions, CurvatureError, LinearOperator, SymmetricOperator, conjugate_gradient};
use minima_autodiff::Scalar;
use minima_linalg::Cholesky;
use ndarray::{Array2, ArrayView1, ArrayView2};

/// `A⁻¹` by conjugate gradients in every product.
///
/// Products are those of a linear operator within the tolerance. A solve that ends elsewhere is an error, so that
/// nobody takes for an inverse what a few iterations made; for that there is [`conjugate_gradient`].
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

    /// With an approximate inverse, itself positive definite, that solves are preconditioned by.
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

/// `A⁻¹` from a Cholesky factor of the matrix in full: n products to make it, n³/3 operations to factor it, 2 n² in
/// every product.
#[derive(Clone, Debug)]
pub struct FactoredInverse<T: Scalar> {
    factor: Cholesky<T>,
}

impl<T: Scalar> FactoredInverse<T> {
    /// The inverse of a positive definite matrix; the lower triangle of its products with the unit vectors counts.
    ///
    /// # Errors
    /// When A is not square, a product fails, or the matrix is not finite and positive definite.
    pub fn new<A: SymmetricOperator<T> + ?Sized>(a: &A) -> Result<Self, CurvatureError> {
        order(a)?;
        Ok(Self { factor: Cholesky::factor(a.to_dense()?)? })
    }

    /// The logarithm of A's determinant.
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

/// The inverses of any positive definite operator, as methods.
pub trait Invertible<T: Scalar>: SymmetricOperator<T> + Sized {
    /// Its inverse by conjugate gradients; see [`CgInverse`].
    fn inverse_by_cg<'a>(self, options: CgOptions) -> CgInverse<'a, T, Self> {
        CgInverse::new(self, options)
    }

    /// Its inverse by a Cholesky factorization; see [`FactoredInverse`].
    ///
    /// # Errors
    /// As [`FactoredInverse::new`].
    fn inverse_by_factor(&self) -> Result<FactoredInverse<T>, CurvatureError> {
        FactoredInverse::new(self)
    }
}

impl<T: Scalar, A: SymmetricOperator<T>> Invertible<T> for A {}
