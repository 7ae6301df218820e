//! ndarray matrices of this backend's element types as faer matrices. Row-major and column-major views are borrowed; others
//! are copied.

use faer::{MatMut, MatRef};
use ndarray::{ArrayView2, ArrayViewMut2};

/// The element types of this backend.
pub(crate) trait Element: faer::traits::RealField + Copy + Send + Sync + 'static {}

impl Element for f32 {}
impl Element for f64 {}

/// Calls `f` with the matrix.
pub(super) fn with_mat<T: Element, O>(a: ArrayView2<'_, T>, f: impl FnOnce(MatRef<'_, T>) -> O) -> O {
    let (rows, cols) = a.dim();
    if let Some(slice) = a.to_slice() {
        return f(MatRef::from_row_major_slice(slice, rows, cols));
    }
    if let Some(slice) = a.reversed_axes().to_slice() {
        return f(MatRef::from_column_major_slice(slice, rows, cols));
    }
    let copy: Vec<T> = a.iter().copied().collect();
    f(MatRef::from_row_major_slice(&copy, rows, cols))
}

/// Calls `f` with the matrix, which `f` may change.
pub(super) fn with_mat_mut<T: Element, O>(mut c: ArrayViewMut2<'_, T>, f: impl FnOnce(MatMut<'_, T>) -> O) -> O {
    let (rows, cols) = c.dim();
    if let Some(slice) = c.as_slice_mut() {
        return f(MatMut::from_row_major_slice_mut(slice, rows, cols));
    }
    if let Some(slice) = c.view_mut().reversed_axes().as_slice_mut() {
        return f(MatMut::from_column_major_slice_mut(slice, rows, cols));
    }
    let mut copy: Vec<T> = c.iter().copied().collect();
    let out = f(MatMut::from_row_major_slice_mut(&mut copy, rows, cols));
    for (element, value) in c.iter_mut().zip(copy) {
        *element = value;
    }
    out
}
