//! A matrix in rescaled coordinates.

use crate::{CurvatureError, LinearOperator, SymmetricOperator};
use minima_autodiff::Scalar;
use ndarray::{Array2, ArrayView2, Axis};

/// `D A D` with a diagonal D: the matrix of a quadratic form after a change of units of each parameter, `θᵢ = dᵢ τᵢ`.
///
/// ```
/// use minima_curvature::{CurvatureError, LinearOperator, Rescaled, SymmetricMatrix};
/// use ndarray::array;
///
/// let matrix = SymmetricMatrix::from_lower(array![[2.0, 1.0], [1.0, 3.0]])?;
/// let rescaled = Rescaled::new(matrix, vec![10.0, -1.0])?;
/// assert_eq!(rescaled.to_dense()?, array![[200.0, -10.0], [-10.0, 3.0]]);
/// # Ok::<(), CurvatureError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rescaled<T, A> {
    inner: A,
    scales: Vec<T>,
}

impl<T: Scalar, A: SymmetricOperator<T>> Rescaled<T, A> {
    /// Creates `D A D`, where `scales` is the diagonal of D.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if the order of the matrix differs from the number of scales, and
    /// [`CurvatureError::NotFinite`] if a scale is infinite or NaN.
    pub fn new(inner: A, scales: Vec<T>) -> Result<Self, CurvatureError> {
        if let Some(scale) = scales.iter().find(|scale| !scale.is_finite()) {
            return Err(CurvatureError::NotFinite { what: "a parameter's scale", found: scale.as_f64() });
        }
        let expected = inner.shape().to_vec();
        if expected != [scales.len(); 2] {
            return Err(CurvatureError::Size {
                what: "the diagonal of scales",
                found: vec![scales.len(); 2],
                expected,
            });
        }
        Ok(Self { inner, scales })
    }

    /// The diagonal of D.
    #[must_use]
    pub fn scales(&self) -> &[T] {
        &self.scales
    }
}

impl<T: Scalar, A: SymmetricOperator<T>> LinearOperator<T> for Rescaled<T, A> {
    fn shape(&self) -> [usize; 2] {
        self.inner.shape()
    }

    fn apply(&self, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        self.check(v)?;
        let scaled: Vec<T> = v.iter().zip(&self.scales).map(|(&v, &d)| v * d).collect();
        let mut product = self.inner.apply(&scaled)?;
        product.iter_mut().zip(&self.scales).for_each(|(x, &d)| *x *= d);
        Ok(product)
    }

    fn apply_columns(&self, v: ArrayView2<'_, T>) -> Result<Array2<T>, CurvatureError> {
        self.check_columns(v)?;
        let scaled = |mut rows: Array2<T>| {
            rows.axis_iter_mut(Axis(0)).zip(&self.scales).for_each(|(mut row, &d)| row.mapv_inplace(|x| x * d));
            rows
        };
        Ok(scaled(self.inner.apply_columns(scaled(v.to_owned()).view())?))
    }
}

impl<T: Scalar, A: SymmetricOperator<T>> SymmetricOperator<T> for Rescaled<T, A> {}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail so")]
mod tests {
    use super::*;
    use crate::SymmetricMatrix;

    fn matrix() -> Array2<f64> {
        Array2::from_shape_fn((5, 5), |(i, j)| ((i * j) % 4) as f64 - (i + j) as f64 / 3.0)
    }

    fn symmetric() -> SymmetricMatrix<f64> {
        SymmetricMatrix::from_lower(matrix()).unwrap()
    }

    #[test]
    fn both_sides_are_scaled() {
        let scales = vec![1.0, 0.0, -2.0, 0.5, 3.0];
        let rescaled = Rescaled::new(symmetric(), scales.clone()).unwrap();
        let expected = Array2::from_shape_fn((5, 5), |(i, j)| scales[i] * matrix()[[i, j]] * scales[j]);
        let far = |found: &Array2<f64>| (found - &expected).iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        // Entries are up to 20, each a product of three factors rounded twice.
        assert!(far(&rescaled.to_dense().unwrap()) < 1e-14);
        let columns: Vec<f64> =
            (0..5).flat_map(|j| rescaled.apply(&Array2::eye(5).column(j).to_vec()).unwrap()).collect();
        assert!(far(&Array2::from_shape_vec((5, 5), columns).unwrap()) < 1e-14, "a symmetric matrix");
    }

    #[test]
    fn scales_that_do_not_fit_are_refused() {
        assert!(matches!(Rescaled::new(symmetric(), vec![1.0; 4]), Err(CurvatureError::Size { .. })));
        let broken = Rescaled::new(symmetric(), vec![1.0, 1.0, f64::NAN, 1.0, 1.0]);
        assert!(matches!(broken, Err(CurvatureError::NotFinite { .. })));
        let rescaled = Rescaled::new(symmetric(), vec![1.0; 5]).unwrap();
        assert!(matches!(rescaled.apply(&[1.0; 4]), Err(CurvatureError::Size { .. })));
        assert!(matches!(rescaled.apply_columns(Array2::zeros((4, 2)).view()), Err(CurvatureError::Size { .. })));
    }
}
