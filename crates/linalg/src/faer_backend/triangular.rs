//! Triangular solves, with the right-hand sides in fixed chunks.

use super::layout::Element;
use faer::linalg::triangular_solve::{
    solve_lower_triangular_in_place, solve_unit_lower_triangular_in_place, solve_upper_triangular_in_place,
};
use faer::prelude::ReborrowMut;
use faer::{Mat, MatMut, MatRef, Par};
use ndarray::{Array2, ArrayView2};

/// The maximum number of right-hand sides solved together.
const CHUNK: usize = 128;

/// Unused rows between columns. Without them, columns of e.g. 1280 elements compete for the same cache lines.
const PADDING: usize = 16;

/// The triangle to solve with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Triangle {
    /// Lower, diagonal included.
    Lower,
    /// Lower, with a diagonal of ones that is not read.
    UnitLower,
    /// Upper, diagonal included.
    Upper,
}

/// `x ← t⁻¹·x`.
pub(super) fn solve<T: Element>(triangle: Triangle, t: MatRef<'_, T>, x: MatMut<'_, T>) {
    let columns = x.ncols();
    if columns <= CHUNK {
        return match triangle {
            Triangle::Lower => solve_lower_triangular_in_place(t, x, Par::Seq),
            Triangle::UnitLower => solve_unit_lower_triangular_in_place(t, x, Par::Seq),
            Triangle::Upper => solve_upper_triangular_in_place(t, x, Par::Seq),
        };
    }
    let at = super::gemm::half(columns);
    let (left, right) = x.split_at_col_mut(at);
    rayon::join(|| solve(triangle, t, left), || solve(triangle, t, right));
}

/// Calls `f` to overwrite a column-major copy of `b`, and returns the result in row-major order.
pub(super) fn with_right_sides<T: Element>(b: ArrayView2<'_, T>, f: impl FnOnce(MatMut<'_, T>)) -> Array2<T> {
    let mut buffer = Mat::zeros(b.nrows() + PADDING, b.ncols());
    let mut x = buffer.as_mut().subrows_mut(0, b.nrows());
    for (at, value) in b.indexed_iter() {
        x[at] = *value;
    }
    f(x.rb_mut());
    Array2::from_shape_fn(b.dim(), |at| x[at])
}

/// Calls `f` to overwrite the identity of this order.
pub(super) fn with_identity<T: Element>(order: usize, f: impl FnOnce(MatMut<'_, T>)) -> Mat<T> {
    let mut buffer = Mat::zeros(order + PADDING, order);
    let mut x = buffer.as_mut().subrows_mut(0, order);
    x.rb_mut().diagonal_mut().fill(T::one_impl());
    f(x);
    buffer
}
