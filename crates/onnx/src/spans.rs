//! Parts of axes.

use crate::error::Refusal;
use crate::node::{Node, axes};

/// The indices of a `Slice` along one axis: the first, how many, and the distance between them.
pub(crate) fn span(size: usize, [start, end, step]: [i64; 3]) -> Result<[usize; 3], Refusal> {
    let stride = usize::try_from(step).ok().filter(|&step| step > 0);
    let stride = stride.ok_or_else(|| Refusal::new(format!("the step {step}"), "a positive step"))?;
    let length = i64::try_from(size).unwrap_or(i64::MAX);
    let place = |at: i64| {
        let at = if at < 0 { at.saturating_add(length) } else { at };
        usize::try_from(at.clamp(0, length)).unwrap_or(0)
    };
    let (start, end) = (place(start), place(end));
    Ok([start, end.saturating_sub(start).div_ceil(stride), stride])
}

/// The spans of a `Slice`, each with its axis.
pub(crate) fn spans(
    shape: &[usize],
    starts: &[i64],
    ends: &[i64],
    over: Option<&[i64]>,
    steps: Option<&[i64]>,
) -> Result<Vec<(usize, [usize; 3])>, Refusal> {
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
        Ok((axis, span(size, [starts[place], ends[place], step(place)])?))
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
