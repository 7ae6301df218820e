//! Tiled product.

use super::layout::{Element, with_mat, with_mat_mut};
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par, unzip, zip};
use ndarray::{ArrayView2, ArrayViewMut2};

/// The maximum number of rows and of columns in a tile.
const TILE: usize = 320;

/// `c ← beta·c + alpha·a·b`.
pub(crate) fn gemm<T: Element>(alpha: T, a: ArrayView2<'_, T>, b: ArrayView2<'_, T>, beta: T, c: ArrayViewMut2<'_, T>) {
    with_mat(a, |a| with_mat(b, |b| with_mat_mut(c, |c| product(alpha, a, b, beta, c))));
}

/// `c ← beta·c + alpha·a·b`, tile by tile.
pub(super) fn product<T: Element>(alpha: T, a: MatRef<'_, T>, b: MatRef<'_, T>, beta: T, c: MatMut<'_, T>) {
    let (rows, cols) = c.shape();
    if rows <= TILE && cols <= TILE {
        return product_on_one_thread(alpha, a, b, beta, c);
    }
    if rows >= cols {
        let at = half(rows);
        let (a_top, a_bottom) = a.split_at_row(at);
        let (c_top, c_bottom) = c.split_at_row_mut(at);
        rayon::join(|| product(alpha, a_top, b, beta, c_top), || product(alpha, a_bottom, b, beta, c_bottom));
    } else {
        let at = half(cols);
        let (b_left, b_right) = b.split_at_col(at);
        let (c_left, c_right) = c.split_at_col_mut(at);
        rayon::join(|| product(alpha, a, b_left, beta, c_left), || product(alpha, a, b_right, beta, c_right));
    }
}

/// About half of `size`, rounded up to a multiple of the register tile in both precisions.
pub(super) fn half(size: usize) -> usize {
    size.div_ceil(2).next_multiple_of(64).min(size)
}

fn product_on_one_thread<T: Element>(alpha: T, a: MatRef<'_, T>, b: MatRef<'_, T>, beta: T, mut c: MatMut<'_, T>) {
    let accumulate = if beta == T::zero_impl() {
        Accum::Replace
    } else {
        if beta != T::one_impl() {
            zip!(c.as_mut()).for_each(|unzip!(x)| *x *= beta);
        }
        Accum::Add
    };
    matmul(c, accumulate, a, b, alpha, Par::Seq);
}
