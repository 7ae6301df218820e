//! Damping: the addition of a multiple of the identity.

use crate::arguments::order;
use crate::{CurvatureError, LinearOperator, SymmetricOperator};
use minima_autodiff::Scalar;
use minima_faults::{Fault, planted};
use ndarray::{Array2, ArrayView2};

/// `A + λI` (Tikhonov; Levenberg 1944).
#[derive(Clone, Copy, Debug)]
pub struct Damped<A> {
    a: A,
    damping: f64,
}

impl<A> Damped<A> {
    /// Adds damping λ. If A is not square, products return an error.
    #[must_use]
    pub fn new(a: A, damping: f64) -> Self {
        Self { a, damping }
    }

    /// The damping λ.
    #[must_use]
    pub fn damping(&self) -> f64 {
        self.damping
    }
}

impl<T: Scalar, A: LinearOperator<T>> LinearOperator<T> for Damped<A> {
    fn shape(&self) -> [usize; 2] {
        self.a.shape()
    }

    fn apply(&self, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        order(&self.a)?;
        let damping = T::from_f64(if planted(Fault::DampingMissing) { 0.0 } else { self.damping });
        let mut product = self.a.apply(v)?;
        product.iter_mut().zip(v).for_each(|(p, &v)| *p += damping * v);
        Ok(product)
    }

    fn apply_columns(&self, v: ArrayView2<'_, T>) -> Result<Array2<T>, CurvatureError> {
        order(&self.a)?;
        let damping = T::from_f64(self.damping);
        let mut product = self.a.apply_columns(v)?;
        product.zip_mut_with(&v, |p, &v| *p += damping * v);
        Ok(product)
    }
}

impl<T: Scalar, A: SymmetricOperator<T>> SymmetricOperator<T> for Damped<A> {}
