//! Diagonal matrices.

use crate::{CurvatureError, LinearOperator, SymmetricOperator};
use minima_autodiff::Scalar;
use ndarray::{Array2, ArrayView2, Axis};

/// A diagonal matrix: the exact diagonal of a [`Ggn`](crate::Ggn) or a [`Fisher`](crate::Fisher), an estimate of
/// another matrix's diagonal ([`diagonal_hutchinson`](crate::diagonal_hutchinson)), or any numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagonal<T>(Vec<T>);

impl<T: Scalar> Diagonal<T> {
    /// The matrix with these diagonal entries.
    #[must_use]
    pub fn new(values: Vec<T>) -> Self {
        Self(values)
    }

    /// The diagonal entries.
    #[must_use]
    pub fn values(&self) -> &[T] {
        &self.0
    }

    /// `(D + λI)^exponent`. With a negative exponent it is a preconditioner for conjugate gradients. With −¾ and the
    /// diagonal of the empirical Fisher it is the preconditioner of Martens 2010, section 4.7.
    ///
    /// # Errors
    /// Returns [`CurvatureError::NotPositiveDefinite`] if an entry plus λ is not positive.
    pub fn damped_power(&self, damping: f64, exponent: f64) -> Result<Self, CurvatureError> {
        let power = |d: &T| {
            let found = d.as_f64() + damping;
            if found > 0.0 {
                return Ok(T::from_f64(found.powf(exponent)));
            }
            Err(CurvatureError::NotPositiveDefinite { what: "the damped diagonal", found })
        };
        self.0.iter().map(power).collect::<Result<_, _>>().map(Self)
    }
}

impl<T: Scalar> LinearOperator<T> for Diagonal<T> {
    fn shape(&self) -> [usize; 2] {
        [self.0.len(); 2]
    }

    fn apply(&self, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        self.check(v)?;
        Ok(v.iter().zip(&self.0).map(|(&v, &d)| d * v).collect())
    }

    fn apply_columns(&self, v: ArrayView2<'_, T>) -> Result<Array2<T>, CurvatureError> {
        self.check_columns(v)?;
        let mut product = v.to_owned();
        for (mut row, &d) in product.axis_iter_mut(Axis(0)).zip(&self.0) {
            row.mapv_inplace(|v| d * v);
        }
        Ok(product)
    }
}

impl<T: Scalar> SymmetricOperator<T> for Diagonal<T> {}
