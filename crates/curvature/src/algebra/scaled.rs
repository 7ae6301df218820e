//! A multiple of an operator.

use crate::{CurvatureError, LinearOperator, SymmetricOperator};
use minima_autodiff::Scalar;
use ndarray::{Array2, ArrayView2};

/// `factor · A`.
#[derive(Clone, Copy, Debug)]
pub struct Scaled<A> {
    a: A,
    factor: f64,
}

impl<A> Scaled<A> {
    /// Multiplies an operator by a factor, which may be negative.
    #[must_use]
    pub fn new(a: A, factor: f64) -> Self {
        Self { a, factor }
    }
}

impl<T: Scalar, A: LinearOperator<T>> LinearOperator<T> for Scaled<A> {
    fn shape(&self) -> [usize; 2] {
        self.a.shape()
    }

    fn apply(&self, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        let factor = T::from_f64(self.factor);
        let mut product = self.a.apply(v)?;
        product.iter_mut().for_each(|p| *p *= factor);
        Ok(product)
    }

    fn apply_columns(&self, v: ArrayView2<'_, T>) -> Result<Array2<T>, CurvatureError> {
        let factor = T::from_f64(self.factor);
        Ok(self.a.apply_columns(v)?.mapv_into(|p| p * factor))
    }
}

impl<T: Scalar, A: SymmetricOperator<T>> SymmetricOperator<T> for Scaled<A> {}
