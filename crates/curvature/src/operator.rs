//! The common interface of all curvature matrices.

use crate::CurvatureError;
use minima_autodiff::Scalar;
use ndarray::{Array2, ArrayView2};

/// A matrix defined by its products. Parameters are flat vectors. Logits are flat too, image by image: logit c of image
/// i is at `i · classes + c`.
pub trait LinearOperator<T: Scalar>: Sync {
    /// The number of rows and columns.
    fn shape(&self) -> [usize; 2];

    /// Computes `A v`.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if the length of `v` differs from the number of columns, and an error if the
    /// product cannot be computed.
    fn apply(&self, v: &[T]) -> Result<Vec<T>, CurvatureError>;

    /// Computes `A V`, column by column unless an operator overrides it.
    ///
    /// # Errors
    /// Returns the errors of [`apply`](Self::apply).
    fn apply_columns(&self, v: ArrayView2<'_, T>) -> Result<Array2<T>, CurvatureError> {
        let mut product = Array2::zeros((self.shape()[0], v.ncols()));
        for (v, mut to) in v.columns().into_iter().zip(product.columns_mut()) {
            to.iter_mut().zip(self.apply(&v.to_vec())?).for_each(|(to, x)| *to = x);
        }
        Ok(product)
    }

    /// The number type: `f32` or `f64`.
    fn dtype(&self) -> &'static str {
        std::any::type_name::<T>()
    }

    /// The full matrix, computed from its products with the unit vectors, for small networks and for tests.
    ///
    /// # Errors
    /// Returns an error if a product cannot be computed.
    fn to_dense(&self) -> Result<Array2<T>, CurvatureError> {
        self.apply_columns(Array2::eye(self.shape()[1]).view())
    }

    /// Checks that a vector fits.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if the length of `v` differs from the number of columns.
    fn check(&self, v: &[T]) -> Result<(), CurvatureError> {
        let [_, columns] = self.shape();
        if v.len() == columns {
            return Ok(());
        }
        Err(CurvatureError::Size { what: "the vector", found: vec![v.len()], expected: vec![columns] })
    }

    /// Checks that vectors, the columns of `v`, fit.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if the number of rows of `v` differs from the number of columns of the
    /// operator.
    fn check_columns(&self, v: ArrayView2<'_, T>) -> Result<(), CurvatureError> {
        let [_, columns] = self.shape();
        if v.nrows() == columns {
            return Ok(());
        }
        Err(CurvatureError::Size { what: "the vectors", found: vec![v.nrows()], expected: vec![columns] })
    }
}

/// A symmetric matrix, as required by conjugate gradients, Lanczos and trace estimates.
pub trait SymmetricOperator<T: Scalar>: LinearOperator<T> {}

impl<T: Scalar, A: LinearOperator<T> + ?Sized> LinearOperator<T> for &A {
    fn shape(&self) -> [usize; 2] {
        (**self).shape()
    }

    fn apply(&self, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        (**self).apply(v)
    }

    fn apply_columns(&self, v: ArrayView2<'_, T>) -> Result<Array2<T>, CurvatureError> {
        (**self).apply_columns(v)
    }
}

impl<T: Scalar, A: SymmetricOperator<T> + ?Sized> SymmetricOperator<T> for &A {}
