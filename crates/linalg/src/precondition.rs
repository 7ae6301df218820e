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
    finite_where(what, a, |_| usize::MAX).map(drop)
}

/// Like [`finite`], for the lower triangle with the diagonal of a square matrix. Elements above the diagonal are not read.
/// Returns the largest absolute value on the diagonal, which the same pass over the memory finds.
pub(crate) fn finite_lower<R: Real>(what: &'static str, a: ArrayView2<'_, R>) -> Result<R, LinalgError> {
    finite_where(what, a, |row| row + 1)
}

/// Checks the first `columns(row)` elements of each row. Returns the largest absolute value on the diagonal, or
/// [`LinalgError::NotFinite`].
fn finite_where<R: Real>(
    what: &'static str,
    a: ArrayView2<'_, R>,
    columns: impl Fn(usize) -> usize + Sync,
) -> Result<R, LinalgError> {
    let scan = |row: usize| {
        let (numbers, columns) = (a.row(row), columns(row).min(a.ncols()));
        let finite = match numbers.to_slice().and_then(|numbers| numbers.get(..columns)) {
            // A slice is read many numbers at a time.
            Some(numbers) => numbers.iter().fold(true, |ok, x| ok & x.is_finite()),
            None => numbers.iter().take(columns).fold(true, |ok, x| ok & x.is_finite()),
        };
        (finite, numbers.get(row).map_or(R::zero(), |d| d.abs()))
    };
    // Parallel and without early exit, so the scan of a large matrix is bound by memory bandwidth alone.
    let rows = (0..a.nrows()).into_par_iter().with_min_len(64).map(scan);
    let (finite, largest) = rows.reduce(|| (true, R::zero()), |a, b| (a.0 & b.0, a.1.max(b.1)));
    if finite {
        return Ok(largest);
    }
    for (row, values) in a.rows().into_iter().enumerate() {
        if let Some(col) = values.iter().take(columns(row)).position(|x| !x.is_finite()) {
            return Err(LinalgError::NotFinite { what, row, col });
        }
    }
    Ok(largest)
}
