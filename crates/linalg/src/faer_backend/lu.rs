//! Blocked right-looking LU with partial pivoting.

use super::gemm::product;
use super::layout::{Element, with_mat, with_mat_mut};
use super::triangular::{Triangle, solve, with_right_sides};
use crate::LinalgError;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::lu::partial_pivoting::factor::{lu_in_place, lu_in_place_scratch};
use faer::prelude::{ReborrowMut, default};
use faer::{Mat, MatMut, Par};
use ndarray::{Array2, ArrayView2, Axis};

/// Columns of a panel.
const BLOCK: usize = 96;

/// Row `i` of the factors is row `pivots[i]` of the matrix.
pub(crate) type Pivots = Vec<usize>;

/// Overwrites `a` with its LU factors. A zero pivot stays on the diagonal; the factors after it are undefined.
pub(crate) fn lu<T: Element>(a: &mut Array2<T>) -> Result<Pivots, LinalgError> {
    let order = a.nrows();
    let mut pivots: Vec<usize> = (0..order).collect();
    with_mat_mut(a.view_mut(), |mut a| {
        for done in (0..order).step_by(BLOCK) {
            let width = BLOCK.min(order - done);
            let rows = order - done;
            let mut lower = a.rb_mut().subrows_mut(done, rows);
            let moved = factor_panel(lower.rb_mut().subcols_mut(done, width));
            reorder(&mut pivots[done..], &moved);
            move_rows(lower.rb_mut().subcols_mut(0, done), &moved);
            let mut right = lower.rb_mut().subcols_mut(done + width, rows - width);
            move_rows(right.rb_mut(), &moved);

            let (panel, right) = lower.subcols_mut(done, rows).split_at_col_mut(width);
            let (block, panel) = panel.as_ref().split_at_row(width);
            let (mut top, trailing) = right.split_at_row_mut(width);
            solve(Triangle::UnitLower, block, top.rb_mut());
            product(-T::one_impl(), panel, top.as_ref(), T::one_impl(), trailing);
        }
    });
    Ok(pivots)
}

/// Factors a panel in place, and returns a pair (new row, old row) for each row that moved.
fn factor_panel<T: Element>(mut panel: MatMut<'_, T>) -> Vec<(usize, usize)> {
    let (rows, cols) = panel.shape();
    let mut by_columns = Mat::from_fn(rows, cols, |i, j| panel[(i, j)]);
    let mut forward = vec![0_usize; rows];
    let mut inverse = vec![0_usize; rows];
    let scratch = lu_in_place_scratch::<usize, T>(rows, cols, Par::Seq, default());
    lu_in_place(
        by_columns.as_mut(),
        &mut forward,
        &mut inverse,
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        default(),
    );
    panel.copy_from(&by_columns);
    forward.into_iter().enumerate().filter(|(to, from)| to != from).collect()
}

fn reorder(pivots: &mut [usize], moved: &[(usize, usize)]) {
    let taken: Vec<usize> = moved.iter().map(|&(_, from)| pivots[from]).collect();
    for (&(to, _), pivot) in moved.iter().zip(taken) {
        pivots[to] = pivot;
    }
}

fn move_rows<T: Element>(mut a: MatMut<'_, T>, moved: &[(usize, usize)]) {
    let taken = Mat::from_fn(a.ncols(), moved.len(), |col, i| a[(moved[i].1, col)]);
    for (i, &(to, _)) in moved.iter().enumerate() {
        for col in 0..a.ncols() {
            a[(to, col)] = taken[(col, i)];
        }
    }
}

/// Solves with the factors written by [`lu`].
pub(crate) fn lu_solve<T: Element>(
    factors: ArrayView2<'_, T>,
    pivots: &Pivots,
    b: ArrayView2<'_, T>,
) -> Result<Array2<T>, LinalgError> {
    let b = b.select(Axis(0), pivots);
    Ok(with_mat(factors, |factors| {
        with_right_sides(b.view(), |mut x| {
            solve(Triangle::UnitLower, factors, x.rb_mut());
            solve(Triangle::Upper, factors, x);
        })
    }))
}
