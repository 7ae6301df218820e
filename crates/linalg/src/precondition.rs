//! Checks on arguments.

use crate::{LinalgError, Real};
use ndarray::ArrayView2;
use rayon::prelude::*;

/// Returns [`LinalgError::Shape`] unless `found` is `expected`.
pub(crate) fn shape(what: &'static str, found: (usize, usize), expected: (usize, usize)) -> Result<(), LinalgError> {
    if found == expected { Ok(()) } else { Err(LinalgError::Shape { what, found, expected }) }
}

/// Returns the order of a square matrix, or [`LinalgError::Shape`] if the matrix is not square.
pub(crate) fn square(what: &'static str, found: (usize, usize)) -> Result<usize, LinalgError> {
    shape(what, found, (found.0, found.0)).map(|()| found.0)
}

/// Returns [`LinalgError::NotFinite`] with the first element, row by row, that is NaN or infinite.
pub(crate) fn finite<R: Real>(what: &'static str, a: ArrayView2<'_, R>) -> Result<(), LinalgError> {
    finite_where(what, a, |_| usize::MAX)
}

/// Like [`finite`], for the lower triangle with the diagonal. Elements above the diagonal are not read.
pub(crate) fn finite_lower<R: Real>(what: &'static str, a: ArrayView2<'_, R>) -> Result<(), LinalgError> {
    finite_where(what, a, |row| row + 1)
}

fn finite_where<R: Real>(
    what: &'static str,
    a: ArrayView2<'_, R>,
    columns: impl Fn(usize) -> usize + Sync,
) -> Result<(), LinalgError> {
    // Parallel and without early exit, so the scan of a large matrix is bound by memory bandwidth alone.
    let row_is_finite = |row: usize| a.row(row).iter().take(columns(row)).fold(true, |ok, x| ok & x.is_finite());
    if (0..a.nrows()).into_par_iter().with_min_len(64).all(row_is_finite) {
        return Ok(());
    }
    for (row, values) in a.rows().into_iter().enumerate() {
        if let Some(col) = values.iter().take(columns(row)).position(|x| !x.is_finite()) {
            return Err(LinalgError::NotFinite { what, row, col });
        }
    }
    Ok(())
}
