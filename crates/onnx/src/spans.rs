//! Parts of axes.

use crate::error::Refusal;
use crate::node::{Node, axes};

/// Indices at equal distances along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub start: usize,
    pub count: usize,
    pub stride: usize,
    /// Whether the indices descend.
    pub backward: bool,
}

impl Span {
    /// Neighbours from `start` on.
    pub(crate) fn neighbours(start: usize, count: usize) -> Self {
        Self { start, count, stride: 1, backward: false }
    }

    /// The indices.
    pub(crate) fn indices(self) -> impl Iterator<Item = usize> {
        let Self { start, count, stride, backward } = self;
        (0..count).map(move |k| if backward { start - k * stride } else { start + k * stride })
    }

    /// The indices of a `Slice` on an axis of this size.
    fn of(size: usize, [start, end, step]: [i64; 3]) -> Result<Self, Refusal> {
        let stride = usize::try_from(step.unsigned_abs()).ok().filter(|&stride| stride > 0 && stride < 1 << 31);
        let stride = stride.ok_or_else(|| Refusal::new(format!("the step {step}"), "a step that is not 0"))?;
        let length = i64::try_from(size).unwrap_or(i64::MAX);
        let from_end = |at: i64| if at < 0 { at.saturating_add(length) } else { at };
        let backward = step < 0;
        let (low, high) = if backward { (-1, length - 1) } else { (0, length) };
        let (start, end) = (from_end(start).clamp(low, high), from_end(end).clamp(low, high));
        let reach = if backward { start - end } else { end - start };
        let count = usize::try_from(reach).unwrap_or(0).div_ceil(stride);
        Ok(Self { start: usize::try_from(start).unwrap_or(0), count, stride, backward })
    }
}

/// The spans of a `Slice`, each with its axis.
pub(crate) fn spans(
    shape: &[usize],
    starts: &[i64],
    ends: &[i64],
    over: Option<&[i64]>,
    steps: Option<&[i64]>,
) -> Result<Vec<(usize, Span)>, Refusal> {
    let over = match over {
        Some(over) => axes(over, shape.len())?,
        None => (0..starts.len()).collect(),
    };
    let given = [starts.len(), ends.len(), steps.map_or(starts.len(), <[i64]>::len)];
    if given != [over.len(); 3] {
        return Err(Refusal::new(format!("{given:?} starts, ends and steps"), format!("{} of each", over.len())));
    }
    let step = |place: usize| steps.and_then(|steps| steps.get(place).copied()).unwrap_or(1);
    let of = |(place, &axis): (usize, &usize)| {
        let size = shape.get(axis).copied().ok_or_else(|| Refusal::new(format!("axis {axis}"), "an axis"))?;
        Ok((axis, Span::of(size, [starts[place], ends[place], step(place)])?))
    };
    over.iter().enumerate().map(of).collect()
}

/// The inputs or attributes of a `Slice`.
pub(crate) fn slice_arguments(
    node: Node<'_>,
    constant: &dyn Fn(usize) -> Result<Option<Vec<i64>>, Refusal>,
) -> Result<[Option<Vec<i64>>; 4], Refusal> {
    if node.attribute("starts").is_some() {
        let of = |name| node.ints(name).map(<[i64]>::to_vec);
        return Ok([of("starts"), of("ends"), of("axes"), None]);
    }
    Ok([constant(1)?, constant(2)?, constant(3)?, constant(4)?])
}

/// The sizes of the parts of a `Split`.
pub(crate) fn parts(size: usize, given: Option<&[i64]>, outputs: usize) -> Result<Vec<usize>, Refusal> {
    let sizes: Vec<usize> = match given {
        Some(given) => crate::decode::sizes(given)?,
        None if outputs > 0 && outputs <= size => {
            let part = size.div_ceil(outputs);
            (0..outputs).map(|k| part.min(size.saturating_sub(k * part))).collect()
        }
        None => Vec::new(),
    };
    if sizes.iter().try_fold(0_usize, |sum, &size| sum.checked_add(size)) == Some(size) && !sizes.is_empty() {
        return Ok(sizes);
    }
    Err(Refusal::new(format!("parts {sizes:?} of {size} entries"), "parts with all entries"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_those_of_python() {
        let of = |arguments| Span::of(5, arguments).unwrap().indices().collect::<Vec<_>>();
        assert_eq!(of([0, i64::MAX, 1]), [0, 1, 2, 3, 4]);
        assert_eq!(of([1, -1, 2]), [1, 3]);
        assert_eq!(of([-2, 9, 1]), [3, 4]);
        assert_eq!(of([-1, i64::MIN, -1]), [4, 3, 2, 1, 0]);
        assert_eq!(of([9, 0, -3]), [4, 1]);
        assert_eq!(of([3, 1, 1]), [0_usize; 0]);
        assert!(Span::of(5, [0, 5, 0]).is_err());
        assert_eq!(Span::of(0, [0, 5, -1]).unwrap().count, 0);
    }
}
