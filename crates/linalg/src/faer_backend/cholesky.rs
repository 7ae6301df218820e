//! Blocked right-looking Cholesky.

use super::Element;
use super::layout::{with_mat, with_mat_mut};
use super::syrk::gram_lower;
use super::triangular::{Triangle, solve, with_right_sides};
use crate::LinalgError;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{LltError, cholesky_in_place, cholesky_in_place_scratch};
use faer::prelude::{ReborrowMut, default};
use faer::{Mat, MatMut, Par};
use ndarray::{Array2, ArrayView2};

/// Order of a diagonal block.
const BLOCK: usize = 96;

/// Overwrites the lower triangle of `a` with its Cholesky factor.
pub fn cholesky<T: Element>(a: &mut Array2<T>) -> Result<(), LinalgError> {
    with_mat_mut(a.view_mut(), |mut rest| {
        let mut done = 0;
        while rest.nrows() > 0 {
            let order = BLOCK.min(rest.nrows());
            let (mut block, _, mut panel, mut trailing) = rest.split_at_mut(order, order);
            let factor = factor_block(block.rb_mut())
                .map_err(|index| LinalgError::NotPositiveDefinite { pivot: done + index })?;
            solve(Triangle::Lower, factor.as_ref(), panel.rb_mut().transpose_mut());
            gram_lower(-T::one_impl(), panel.as_ref(), T::one_impl(), trailing.rb_mut());
            rest = trailing;
            done += order;
        }
        Ok(())
    })
}

/// Factors one block, and gives its factor by columns besides.
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

/// Solves with the factor that [`cholesky`] left.
pub fn cholesky_solve<T: Element>(factor: ArrayView2<'_, T>, b: ArrayView2<'_, T>) -> Result<Array2<T>, LinalgError> {
    Ok(with_mat(factor, |factor| {
        with_right_sides(b, |mut x| {
            solve(Triangle::Lower, factor, x.rb_mut());
            solve(Triangle::Upper, factor.transpose(), x);
        })
    }))
}
