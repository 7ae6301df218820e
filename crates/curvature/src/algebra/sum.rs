//! The sum of two operators.

use crate::{CurvatureError, LinearOperator, SymmetricOperator};
use minima_autodiff::Scalar;
use ndarray::{Array2, ArrayView2};

/// `A + B`.
#[derive(Clone, Copy, Debug)]
pub struct Sum<A, B> {
    a: A,
    b: B,
}

impl<A, B> Sum<A, B> {
    /// The sum of two operators. If their sizes differ, products return an error.
    #[must_use]
    pub fn new(a: A, b: B) -> Self {
        Self { a, b }
    }

    /// Returns [`CurvatureError::Size`] if the sizes differ.
    fn check_sizes<T: Scalar>(&self) -> Result<(), CurvatureError>
    where
        A: LinearOperator<T>,
        B: LinearOperator<T>,
    {
        let (expected, found) = (self.a.shape(), self.b.shape());
        if expected == found {
            return Ok(());
        }
        Err(CurvatureError::Size { what: "the second summand", found: found.to_vec(), expected: expected.to_vec() })
    }
}

impl<T: Scalar, A: LinearOperator<T>, B: LinearOperator<T>> LinearOperator<T> for Sum<A, B> {
    fn shape(&self) -> [usize; 2] {
        self.a.shape()
    }

    fn apply(&self, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        self.check_sizes()?;
        let mut product = self.a.apply(v)?;
        product.iter_mut().zip(self.b.apply(v)?).for_each(|(p, x)| *p += x);
        Ok(product)
    }

    fn apply_columns(&self, v: ArrayView2<'_, T>) -> Result<Array2<T>, CurvatureError> {
        self.check_sizes()?;
        let mut product = self.a.apply_columns(v)?;
        product.zip_mut_with(&self.b.apply_columns(v)?, |p, &x| *p += x);
        Ok(product)
    }
}

impl<T: Scalar, A: SymmetricOperator<T>, B: SymmetricOperator<T>> SymmetricOperator<T> for Sum<A, B> {}
