//! Arithmetic on vectors stored as slices.

use minima_autodiff::Scalar;

/// `factor · x`.
pub(crate) fn scaled<T: Scalar>(factor: f64, x: &[T]) -> Vec<T> {
    let factor = T::from_f64(factor);
    x.iter().map(|&x| factor * x).collect()
}

/// `aᵀ b` in double precision, summed in order.
pub(crate) fn inner<T: Scalar>(a: &[T], b: &[T]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a.as_f64() * b.as_f64()).sum()
}
