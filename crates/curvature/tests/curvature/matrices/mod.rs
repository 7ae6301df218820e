//! Matrices with known spectra, as operators.

use minima_autodiff::Scalar;
use minima_curvature::{CurvatureError, LinearOperator, SymmetricOperator};
use minima_rng::Key;
use ndarray::{Array1, Array2, ArrayView1};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A dense matrix that counts its products.
pub(crate) struct Dense<T> {
    pub matrix: Array2<T>,
    pub products: AtomicUsize,
}

impl<T: Scalar> Dense<T> {
    pub(crate) fn new(matrix: &Array2<f64>) -> Self {
        Self { matrix: matrix.mapv(T::from_f64), products: AtomicUsize::new(0) }
    }

    /// Returns the number of products since the last call.
    pub(crate) fn count(&self) -> usize {
        self.products.swap(0, Ordering::Relaxed)
    }
}

impl<T: Scalar> LinearOperator<T> for Dense<T> {
    fn shape(&self) -> [usize; 2] {
        [self.matrix.nrows(), self.matrix.ncols()]
    }

    fn apply(&self, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        self.check(v)?;
        self.products.fetch_add(1, Ordering::Relaxed);
        Ok(self.matrix.dot(&ArrayView1::from(v)).to_vec())
    }
}

impl<T: Scalar> SymmetricOperator<T> for Dense<T> {}

/// Standard normal numbers.
pub(crate) fn normal(count: usize, seed: u64) -> Vec<f64> {
    Key::new(seed).normal(count).into_iter().map(f64::from).collect()
}

/// `Q diag(spectrum) Qᵀ`, where `Q` is a product of eight Householder reflections: symmetric to the last bit.
pub(crate) fn with_spectrum(spectrum: &[f64], seed: u64) -> Array2<f64> {
    let order = spectrum.len();
    let mut a = Array2::from_diag(&Array1::from(spectrum.to_vec()));
    for reflection in 0..8 {
        let v = Array1::from(normal(order, seed + reflection));
        let v = &v * (2.0 / v.dot(&v)).sqrt();
        let left = a.dot(&v);
        let middle = v.dot(&left);
        for ((i, j), a) in a.indexed_iter_mut() {
            *a += v[i] * v[j] * middle - (v[i] * left[j] + left[i] * v[j]);
        }
    }
    (&a + &a.t()) / 2.0
}

/// A geometric sequence from `first` to `last`.
pub(crate) fn graded(first: f64, last: f64, count: usize) -> Vec<f64> {
    let ratio = (last / first).ln() / (count - 1) as f64;
    (0..count).map(|i| first * (ratio * i as f64).exp()).collect()
}

/// Evenly spaced from −0.3 to 0.7.
pub(crate) fn indefinite(order: usize) -> Vec<f64> {
    (0..order).map(|i| (i as f64 - 0.3 * order as f64) / order as f64).collect()
}

/// `‖a − b‖ / ‖b‖`.
pub(crate) fn apart<T: Scalar>(a: &[T], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let difference: f64 = a.iter().zip(b).map(|(a, b)| (a.as_f64() - b).powi(2)).sum();
    (difference / b.iter().map(|b| b * b).sum::<f64>()).sqrt()
}
