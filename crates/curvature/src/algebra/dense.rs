//! Dense matrices.

use crate::{CurvatureError, LinearOperator, SymmetricOperator};
use minima_autodiff::Scalar;
use minima_linalg::matmul;
use ndarray::{Array2, ArrayView1, ArrayView2};

/// A dense matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseOperator<T>(Array2<T>);

impl<T: Scalar> DenseOperator<T> {
    /// Wraps a matrix of any size.
    #[must_use]
    pub fn new(matrix: Array2<T>) -> Self {
        Self(matrix)
    }

    /// The matrix.
    #[must_use]
    pub fn matrix(&self) -> ArrayView2<'_, T> {
        self.0.view()
    }

    /// The transpose `Aᵀ`.
    #[must_use]
    pub fn transposed(self) -> Self {
        Self(self.0.reversed_axes())
    }
}

impl<T: Scalar> LinearOperator<T> for DenseOperator<T> {
    fn shape(&self) -> [usize; 2] {
        [self.0.nrows(), self.0.ncols()]
    }

    fn apply(&self, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        self.check(v)?;
        Ok(self.0.dot(&ArrayView1::from(v)).to_vec())
    }

    fn apply_columns(&self, v: ArrayView2<'_, T>) -> Result<Array2<T>, CurvatureError> {
        let mut product = Array2::zeros((self.0.nrows(), v.ncols()));
        matmul(T::one(), self.0.view(), v, T::zero(), product.view_mut())?;
        Ok(product)
    }
}

/// A dense symmetric matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct SymmetricMatrix<T>(DenseOperator<T>);

impl<T: Scalar> SymmetricMatrix<T> {
    /// Creates the matrix from its lower triangle. Entries above the diagonal are ignored.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if the matrix is not square.
    pub fn from_lower(mut matrix: Array2<T>) -> Result<Self, CurvatureError> {
        let (rows, columns) = matrix.dim();
        if rows != columns {
            let (found, expected) = (vec![rows, columns], vec![rows, rows]);
            return Err(CurvatureError::Size { what: "the symmetric matrix", found, expected });
        }
        for i in 0..rows {
            for j in 0..i {
                matrix[[j, i]] = matrix[[i, j]];
            }
        }
        Ok(Self(DenseOperator(matrix)))
    }

    /// The matrix, with both triangles.
    #[must_use]
    pub fn matrix(&self) -> ArrayView2<'_, T> {
        self.0.matrix()
    }
}

impl<T: Scalar> LinearOperator<T> for SymmetricMatrix<T> {
    fn shape(&self) -> [usize; 2] {
        self.0.shape()
    }

    fn apply(&self, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        self.0.apply(v)
    }

    fn apply_columns(&self, v: ArrayView2<'_, T>) -> Result<Array2<T>, CurvatureError> {
        self.0.apply_columns(v)
    }
}

impl<T: Scalar> SymmetricOperator<T> for SymmetricMatrix<T> {}
