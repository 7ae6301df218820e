//! Parts of values: `Gather`, `Slice` and `Split`.

use super::join;
use crate::error::Refusal;
use crate::importer::{Call, Importer, Operand};
use crate::node::{axes, axis};
use crate::program::{Flow, Operation};
use crate::spans::{Span, parts, slice_arguments, spans};

/// The largest number of parts that are put together.
const MOST_PARTS: usize = 256;

pub(super) fn slice(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    let constant = |place| call.constant(place)?.map(|tensor| Ok(tensor.to_ints()?.to_vec())).transpose();
    let [starts, ends, over, steps] = slice_arguments(call.node, &constant)?;
    let (Some(starts), Some(ends)) = (starts, ends) else {
        return Err(Refusal::new("no starts and ends", "constants"));
    };
    let mut flow = call.flow(0)?.clone();
    for (axis, span) in spans(&flow.view.shape(), &starts, &ends, over.as_deref(), steps.as_deref())? {
        flow = taken(importer, &flow, axis, span)?;
    }
    Ok(flow)
}

/// A value whose axis is stored as one, if its size is above 1.
fn with_whole_axis(importer: &mut Importer<'_>, flow: &Flow, axis: usize) -> Result<Flow, Refusal> {
    if flow.view.stored(axis).len() > 1 { importer.program.ordered(flow) } else { Ok(flow.clone()) }
}

/// Entries of an axis at equal distances.
fn taken(importer: &mut Importer<'_>, flow: &Flow, axis: usize, span: Span) -> Result<Flow, Refusal> {
    let Span { start, count, stride, backward } = span;
    let size = flow.view.axis_size(axis);
    if backward && count > 1 {
        return Err(Refusal::new("a negative step", "a positive step"));
    }
    if count == 0 {
        return Err(Refusal::new(format!("no entry of axis {axis}"), "at least one entry"));
    }
    if [start, count, stride] == [0, size, 1] || size == 1 {
        return Ok(flow.clone());
    }
    let stride = if count == 1 { 1 } else { stride };
    let flow = with_whole_axis(importer, flow, axis)?;
    let Some(&stored) = flow.view.stored(axis).first() else { return Ok(flow) };
    let covered = count.saturating_mul(stride);
    let Some(missing) = start.checked_add(covered).map(|end| end.saturating_sub(size)) else {
        return Err(Refusal::new(format!("a step of {stride}"), "a smaller step"));
    };
    let mut array = importer.program.array(&flow)?;
    let mut shape = flow.view.array_shape();
    if missing > 0 {
        // The last stride is cut off by the end.
        shape[stored] += missing;
        let pad = Operation::Pad { axis: stored, before: 0, after: missing, value: 0.0 };
        array = importer.program.push(pad, &[array], &shape, "")?;
    }
    if covered < shape[stored] {
        shape[stored] = covered;
        let slice = Operation::Slice { axis: stored, start, end: start + covered };
        array = importer.program.push(slice, &[array], &shape, "")?;
    }
    if stride > 1 {
        // Every stride is a row, of which the first entry is taken.
        let lead: usize = shape.iter().take(stored).product();
        let rest: usize = shape.iter().skip(stored + 1).product();
        array = importer.program.shaped(array, &[lead, count, stride, rest])?;
        let slice = Operation::Slice { axis: 2, start: 0, end: 1 };
        array = importer.program.push(slice, &[array], &[lead, count, 1, rest], "")?;
    }
    Ok(Flow { step: array, view: flow.view.resized(stored, count) })
}

pub(super) fn gather(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    let x = call.flow(0)?;
    let over = axis(call.node.int("axis", 0), x.view.rank())?;
    let size = x.view.axis_size(over);
    let indices = call.required(1)?;
    let places = axes(indices.to_ints()?, size)?;
    // Runs of neighbours at equal distances.
    let mut runs: Vec<Span> = Vec::new();
    for &place in &places {
        match runs.last_mut() {
            Some(run) if run.count == 1 && place > run.start => {
                run.stride = place - run.start;
                run.count = 2;
            }
            Some(run) if run.count > 1 && place == run.start + run.count * run.stride => run.count += 1,
            _ => runs.push(Span::neighbours(place, 1)),
        }
    }
    if runs.is_empty() || runs.len() > MOST_PARTS {
        return Err(Refusal::new(format!("{} runs of indices", runs.len()), format!("from 1 to {MOST_PARTS}")));
    }
    let mut parts = Vec::with_capacity(runs.len());
    for run in runs {
        parts.push(taken(importer, x, over, run)?);
    }
    let joined = join::joined(importer, &parts, over)?;
    let shape = x.view.shape();
    let new = [&shape[..over], &indices.shape[..], shape.get(over + 1..).unwrap_or(&[])].concat();
    importer.program.reshape(&joined, &new)
}

pub(super) fn split(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Vec<Operand>, Refusal> {
    let x = call.flow(0)?;
    let over = axis(call.node.int("axis", 0), x.view.rank())?;
    let given = call.ints("split", 1)?;
    let sizes = parts(x.view.axis_size(over), given.as_deref(), call.node.proto.output.len())?;
    let mut start = 0;
    let mut outputs = Vec::with_capacity(sizes.len());
    for size in sizes {
        outputs.push(Operand::Flow(taken(importer, x, over, Span::neighbours(start, size))?));
        start += size;
    }
    Ok(outputs)
}
