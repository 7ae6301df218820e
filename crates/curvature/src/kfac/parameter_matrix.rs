//! A layer's range of a flat parameter vector as a matrix `(1 + fan_in, outputs)`.

use crate::CurvatureError;
use minima_autodiff::Scalar;
use minima_linalg::matmul;
use ndarray::{Array2, ArrayView2};
use std::ops::Range;

/// A layer's matrix within a flat vector.
pub(super) fn parameter_matrix<'v, T>(
    v: &'v [T],
    params: &Range<usize>,
    dim: (usize, usize),
) -> Result<ArrayView2<'v, T>, CurvatureError> {
    let part = v.get(params.clone()).unwrap_or_default();
    ArrayView2::from_shape(dim, part).map_err(|_| CurvatureError::Size {
        what: "a layer's parameters",
        found: vec![part.len()],
        expected: vec![dim.0, dim.1],
    })
}

/// Writes a layer's matrix to its range of a flat vector.
pub(super) fn store<T: Copy>(matrix: &Array2<T>, params: &Range<usize>, v: &mut [T]) {
    v.iter_mut().skip(params.start).zip(matrix).for_each(|(to, &x)| *to = x);
}

/// Computes `a · b`.
pub(super) fn product<T: Scalar>(a: ArrayView2<'_, T>, b: ArrayView2<'_, T>) -> Result<Array2<T>, CurvatureError> {
    let mut c = Array2::zeros((a.nrows(), b.ncols()));
    matmul(T::one(), a, b, T::zero(), c.view_mut())?;
    Ok(c)
}

/// Computes `left · v · right`, the product of `left ⊗ rightᵀ` with `v`.
pub(super) fn between<T: Scalar>(
    left: ArrayView2<'_, T>,
    v: ArrayView2<'_, T>,
    right: ArrayView2<'_, T>,
) -> Result<Array2<T>, CurvatureError> {
    // A layer usually has fewer outputs than inputs: the smaller product comes first.
    product(left, product(v, right)?.view())
}
