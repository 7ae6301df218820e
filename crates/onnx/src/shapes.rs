//! The shapes that operators give to values and constants.

use crate::error::Refusal;
use crate::node::{axes, axis};

/// The new shape of a `Reshape`, in which 0 stands for the size before and −1 for the rest.
pub(crate) fn new_shape(wanted: &[i64], shape: &[usize], allow_zero: bool) -> Result<Vec<usize>, Refusal> {
    let found = || format!("a value of shape {shape:?} and the new shape {wanted:?}");
    let refused = || Refusal::new(found(), "equally many entries, and at most one -1");
    let kept = |(place, &size): (usize, &i64)| match size {
        -1 => Ok(None),
        0 if !allow_zero => shape.get(place).copied().map(Some).ok_or_else(refused),
        _ => usize::try_from(size).map(Some).map_err(|_| refused()),
    };
    let sizes: Vec<Option<usize>> = wanted.iter().enumerate().map(kept).collect::<Result<_, _>>()?;
    let known =
        sizes.iter().flatten().try_fold(1_usize, |product, &size| product.checked_mul(size)).ok_or_else(refused)?;
    let count: usize = shape.iter().product();
    let rest = match sizes.iter().filter(|size| size.is_none()).count() {
        0 if known == count => 1,
        1 if known > 0 && count.is_multiple_of(known) => count / known,
        _ => return Err(refused()),
    };
    Ok(sizes.into_iter().map(|size| size.unwrap_or(rest)).collect())
}

/// The shape of a `Squeeze` without these axes, or without all of size 1.
pub(crate) fn squeezed(shape: &[usize], given: Option<&[i64]>) -> Result<Vec<usize>, Refusal> {
    let removed = match given {
        Some(given) => axes(given, shape.len())?,
        None => (0..shape.len()).filter(|&axis| shape.get(axis) == Some(&1)).collect(),
    };
    if removed.iter().any(|&axis| shape.get(axis) != Some(&1)) {
        return Err(Refusal::new(format!("axes {removed:?} of shape {shape:?}"), "axes of size 1"));
    }
    Ok(shape.iter().enumerate().filter(|(axis, _)| !removed.contains(axis)).map(|(_, &size)| size).collect())
}

/// The shape of an `Unsqueeze` with new axes at these places.
pub(crate) fn unsqueezed(shape: &[usize], given: &[i64]) -> Result<Vec<usize>, Refusal> {
    let rank = shape.len() + given.len();
    let added = axes(given, rank)?;
    let mut rest = shape.iter().copied();
    let new: Vec<usize> =
        (0..rank).filter_map(|axis| if added.contains(&axis) { Some(1) } else { rest.next() }).collect();
    if new.len() == rank { Ok(new) } else { Err(Refusal::new(format!("axes {given:?}"), "each axis once")) }
}

/// The shape of a `Flatten`.
pub(crate) fn flattened(shape: &[usize], given: i64) -> Result<[usize; 2], Refusal> {
    let rank = shape.len();
    let first = if i64::try_from(rank) == Ok(given) { rank } else { axis(given, rank)? };
    Ok([shape.iter().take(first).product(), shape.iter().skip(first).product()])
}

/// The axes of a `Transpose`.
pub(crate) fn permutation(given: Option<&[i64]>, rank: usize) -> Result<Vec<usize>, Refusal> {
    let Some(given) = given else { return Ok((0..rank).rev().collect()) };
    let order = axes(given, rank)?;
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if sorted.into_iter().eq(0..rank) {
        Ok(order)
    } else {
        Err(Refusal::new(format!("attribute perm = {given:?}"), "each axis once"))
    }
}

/// The sizes of a value, for `Shape`, between the axes that the attributes name.
pub(crate) fn sizes_between(sizes: &[usize], start: i64, end: i64) -> Vec<i64> {
    let rank = i64::try_from(sizes.len()).unwrap_or(i64::MAX);
    let place = |axis: i64| {
        let axis = if axis < 0 { axis.saturating_add(rank) } else { axis };
        usize::try_from(axis.clamp(0, rank)).unwrap_or(0)
    };
    let chosen = sizes.get(place(start)..place(end)).unwrap_or(&[]);
    chosen.iter().map(|&size| i64::try_from(size).unwrap_or(i64::MAX)).collect()
}
