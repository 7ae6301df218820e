//! Blocked right-looking Cholesky.

use super::gemm::product;
use super::layout::{Element, with_mat, with_mat_mut};
use super::syrk::gram_lower;
use super::triangular::{Triangle, solve, with_identity, with_right_sides};
use crate::LinalgError;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{LltError, cholesky_in_place, cholesky_in_place_scratch};
use faer::prelude::{ReborrowMut, default};
use faer::{Mat, MatMut, MatRef, Par};
use ndarray::{Array2, ArrayView2};

/// Order of a diagonal block.
const BLOCK: usize = 96;

/// Overwrites the lower triangle of `a` with its Cholesky factor.
///
/// Uses a look-ahead of one block: the next block of columns is factored in parallel with the trailing update. Threads then
/// do not wait for the short, sequential factorization of the diagonal block.
pub(crate) fn cholesky<T: Element>(a: &mut Array2<T>) -> Result<(), LinalgError> {
    with_mat_mut(a.view_mut(), |a| {
        let first = BLOCK.min(a.nrows());
        let (diagonal, _, mut panel, mut trailing) = a.split_at_mut(first, first);
        finish_columns(diagonal, panel.rb_mut(), 0)?;
        let mut done = first;
        while trailing.nrows() > 0 {
            let order = BLOCK.min(trailing.nrows());
            let (mut diagonal, _, mut below, mut rest) = trailing.split_at_mut(order, order);
            let (beside_diagonal, beside_rest) = panel.as_ref().split_at_row(order);
            let (finished, ()) = rayon::join(
                || {
                    gram_lower(-T::one_impl(), beside_diagonal, T::one_impl(), diagonal.rb_mut());
                    product(-T::one_impl(), beside_rest, beside_diagonal.transpose(), T::one_impl(), below.rb_mut());
                    finish_columns(diagonal, below.rb_mut(), done)
                },
                || gram_lower(-T::one_impl(), beside_rest, T::one_impl(), rest.rb_mut()),
            );
            finished?;
            (panel, trailing) = (below, rest);
            done += order;
        }
        Ok(())
    })
}

/// Overwrites a block of columns of the trailing matrix with its columns of the factor: the diagonal block and the panel below.
fn finish_columns<T: Element>(
    diagonal: MatMut<'_, T>,
    panel: MatMut<'_, T>,
    first_pivot: usize,
) -> Result<(), LinalgError> {
    let factor =
        factor_block(diagonal).map_err(|index| LinalgError::NotPositiveDefinite { pivot: first_pivot + index })?;
    solve(Triangle::Lower, factor.as_ref(), panel.transpose_mut());
    Ok(())
}

/// Factors one block in place, and also returns the factor in column-major order.
fn factor_block<T: Element>(mut block: MatMut<'_, T>) -> Result<Mat<T>, usize> {
    let order = block.nrows();
    let mut factor = Mat::from_fn(order, order, |i, j| if i >= j { block[(i, j)] } else { T::zero_impl() });
    let scratch = cholesky_in_place_scratch::<T>(order, Par::Seq, default());
    cholesky_in_place(factor.as_mut(), default(), Par::Seq, MemStack::new(&mut MemBuffer::new(scratch)), default())
        .map_err(|LltError::NonPositivePivot { index }| index)?;
    for j in 0..order {
        for i in j..order {
            block[(i, j)] = factor[(i, j)];
        }
    }
    Ok(factor)
}

/// Solves with the factor written by [`cholesky`].
pub(crate) fn cholesky_solve<T: Element>(
    factor: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
) -> Result<Array2<T>, LinalgError> {
    Ok(with_mat(factor, |factor| with_right_sides(b, |x| solve_both(factor, x))))
}

/// Overwrites the factor written by [`cholesky`] with the inverse of the matrix.
pub(crate) fn cholesky_inverse<T: Element>(factor: &mut Array2<T>) -> Result<(), LinalgError> {
    let order = factor.nrows();
    let inverse = with_mat(factor.view(), |factor| with_identity(order, |x| solve_both(factor, x)));
    factor.indexed_iter_mut().for_each(|(at, to)| *to = inverse[at]);
    Ok(())
}

/// `x ← (L Lᵀ)⁻¹ x`.
fn solve_both<T: Element>(factor: MatRef<'_, T>, mut x: MatMut<'_, T>) {
    solve(Triangle::Lower, factor, x.rb_mut());
    solve(Triangle::Upper, factor.transpose(), x);
}
