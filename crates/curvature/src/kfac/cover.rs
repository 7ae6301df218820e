//! A check that the blocks of a curvature matrix cover the flat parameter vector.

use super::DiagonalBlock;
use crate::CurvatureError;
use std::iter::Peekable;
use std::ops::Range;

/// The place of a layer's matrix, or of one group's part of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    /// The layer's range in the flat vector: a row-major matrix.
    pub params: Range<usize>,
    /// The columns of that matrix.
    pub columns: Range<usize>,
    /// The shape of the part.
    pub dim: (usize, usize),
}

/// The number of parameters, if the blocks in order cover each parameter once. Otherwise [`CurvatureError::Size`].
pub(super) fn check_cover<'a, T: 'a>(
    layers: impl Iterator<Item = Place>,
    diagonals: &'a [DiagonalBlock<T>],
) -> Result<usize, CurvatureError> {
    let mut end = 0;
    let (mut layers, mut diagonals) = (layers.peekable(), diagonals.iter().peekable());
    loop {
        if let Some(block) = diagonals.next_if(|block| block.params.start == end) {
            check(&block.params, end..end + block.entries.len())?;
            end = block.params.end;
        } else if layers.peek().is_some() {
            end = check_groups(&mut layers, end)?;
        } else {
            break;
        }
    }
    match diagonals.next() {
        Some(left) => Err(misplaced(&left.params, end..end + left.entries.len())),
        None => Ok(end),
    }
}

/// Checks all groups of the next layer, which starts at `start`. Returns the end of its range.
fn check_groups(layers: &mut Peekable<impl Iterator<Item = Place>>, start: usize) -> Result<usize, CurvatureError> {
    let (mut width, mut first) = (0, None);
    let of_layer = |first: &Option<(Range<usize>, usize)>, next: &Place| {
        first.as_ref().is_none_or(|(params, rows)| (params, *rows) == (&next.params, next.dim.0))
    };
    while let Some(Place { params, columns, dim }) = layers.next_if(|next| of_layer(&first, next)) {
        check(&columns, width..width + dim.1)?;
        width = columns.end;
        let (params, rows) = first.get_or_insert((params, dim.0));
        let covered = start..start + *rows * width;
        if covered.end >= params.end {
            check(params, covered)?;
            return Ok(params.end);
        }
    }
    let (params, rows) = first.unwrap_or_default();
    Err(misplaced(&params, start..start + rows * width))
}

fn check(found: &Range<usize>, expected: Range<usize>) -> Result<(), CurvatureError> {
    if *found == expected { Ok(()) } else { Err(misplaced(found, expected)) }
}

fn misplaced(found: &Range<usize>, expected: Range<usize>) -> CurvatureError {
    let (found, expected) = (vec![found.start, found.end], vec![expected.start, expected.end]);
    CurvatureError::Size { what: "the position of a layer's parameters", found, expected }
}
