//! A layer's range of a flat parameter vector as a matrix `(bias + fan_in, outputs)`.

use crate::CurvatureError;
use minima_autodiff::Scalar;
use minima_linalg::matmul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, Slice};
use std::ops::Range;

/// Some columns of a layer's matrix, which has this many rows, within a flat vector.
pub(super) fn parameter_matrix<'v, T>(
    v: &'v [T],
    params: &Range<usize>,
    columns: &Range<usize>,
    rows: usize,
) -> Result<ArrayView2<'v, T>, CurvatureError> {
    let part = v.get(params.clone()).unwrap_or_default();
    let (found, width) = (part.len(), part.len() / rows.max(1));
    let mut whole = ArrayView2::from_shape((rows, width), part).map_err(|_| unfit(found, rows, columns))?;
    if columns.end > width {
        return Err(unfit(found, rows, columns));
    }
    whole.slice_axis_inplace(Axis(1), Slice::from(columns.clone()));
    Ok(whole)
}

/// Writes some columns of a layer's matrix to their places in a flat vector.
pub(super) fn store<T: Copy>(
    matrix: &Array2<T>,
    params: &Range<usize>,
    columns: &Range<usize>,
    v: &mut [T],
) -> Result<(), CurvatureError> {
    let part = v.get_mut(params.clone()).unwrap_or_default();
    let (found, rows) = (part.len(), matrix.nrows());
    let width = found / rows.max(1);
    let mut whole = ArrayViewMut2::from_shape((rows, width), part).map_err(|_| unfit(found, rows, columns))?;
    if columns.end > width || columns.len() != matrix.ncols() {
        return Err(unfit(found, rows, columns));
    }
    whole.slice_axis_inplace(Axis(1), Slice::from(columns.clone()));
    whole.zip_mut_with(matrix, |to, &x| *to = x);
    Ok(())
}

fn unfit(found: usize, rows: usize, columns: &Range<usize>) -> CurvatureError {
    CurvatureError::Size { what: "a layer's parameters", found: vec![found], expected: vec![rows, columns.end] }
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
