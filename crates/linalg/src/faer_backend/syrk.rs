//! Tiled symmetric rank-k update.

use super::gemm::{half, product};
use super::layout::{Element, with_mat, with_mat_mut};
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::{Accum, MatMut, MatRef, Par};
use ndarray::{ArrayView2, ArrayViewMut2};

/// The maximum order of a diagonal tile.
const TILE: usize = 128;

/// Lower triangle of `c ← beta·c + alpha·aᵀa`.
pub(crate) fn syrk_lower<T: Element>(alpha: T, a: ArrayView2<'_, T>, beta: T, c: ArrayViewMut2<'_, T>) {
    with_mat(a, |a| with_mat_mut(c, |c| gram_lower(alpha, a.transpose(), beta, c)));
}

/// Lower triangle of `c ← beta·c + alpha·a·aᵀ`, tile by tile.
pub(super) fn gram_lower<T: Element>(alpha: T, a: MatRef<'_, T>, beta: T, c: MatMut<'_, T>) {
    let order = c.nrows();
    if order <= TILE {
        return gram_lower_on_one_thread(alpha, a, beta, c);
    }
    let at = half(order);
    let (a_top, a_bottom) = a.split_at_row(at);
    let (c_top, _, c_corner, c_bottom) = c.split_at_mut(at, at);
    rayon::join(
        || product(alpha, a_bottom, a_top.transpose(), beta, c_corner),
        || rayon::join(|| gram_lower(alpha, a_top, beta, c_top), || gram_lower(alpha, a_bottom, beta, c_bottom)),
    );
}

fn gram_lower_on_one_thread<T: Element>(alpha: T, a: MatRef<'_, T>, beta: T, mut c: MatMut<'_, T>) {
    let accumulate = if beta == T::zero_impl() {
        Accum::Replace
    } else {
        if beta != T::one_impl() {
            for col in 0..c.ncols() {
                for row in col..c.nrows() {
                    c[(row, col)] *= beta;
                }
            }
        }
        Accum::Add
    };
    matmul(
        c,
        BlockStructure::TriangularLower,
        accumulate,
        a,
        BlockStructure::Rectangular,
        a.transpose(),
        BlockStructure::Rectangular,
        alpha,
        Par::Seq,
    );
}
