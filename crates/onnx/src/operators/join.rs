//! Values side by side, and borders.

use crate::error::Refusal;
use crate::importer::{Call, Importer};
use crate::node::{axes, axis};
use crate::program::{Flow, Operation};
use crate::view::View;

pub(super) fn concat(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    let mut flows = Vec::with_capacity(call.inputs.len());
    for place in 0..call.inputs.len() {
        flows.push(importer.as_flow(call, place)?);
    }
    let rank = flows.first().map_or(0, |flow| flow.view.rank());
    let over = axis(call.node.int("axis", 0), rank)?;
    joined(importer, &flows, over)
}

/// Values side by side along an axis.
pub(super) fn joined(importer: &mut Importer<'_>, flows: &[Flow], over: usize) -> Result<Flow, Refusal> {
    let [first, rest @ ..] = flows else { return Err(Refusal::new("no value", "at least one")) };
    if rest.is_empty() {
        return Ok(first.clone());
    }
    let shapes: Vec<Vec<usize>> = flows.iter().map(|flow| flow.view.shape()).collect();
    let others = |shape: &[usize]| -> Vec<usize> {
        shape.iter().enumerate().filter(|(axis, _)| *axis != over).map(|(_, &size)| size).collect()
    };
    if shapes.iter().any(|shape| shape.len() != first.view.rank() || others(shape) != others(&shapes[0])) {
        return Err(Refusal::new(format!("inputs of shapes {shapes:?}"), "shapes that differ in one axis only"));
    }
    let order = common_order(flows, over);
    let groups: Vec<&[usize]> = order.iter().map(std::slice::from_ref).collect();
    let mut arrays = Vec::with_capacity(flows.len());
    for flow in flows {
        arrays.push(importer.program.arranged(flow, &groups)?);
    }
    let mut output = shapes[0].clone();
    output[over] = shapes.iter().map(|shape| shape[over]).sum();
    let stored: Vec<usize> = order.iter().map(|&axis| output[axis]).collect();
    let place = order.iter().position(|&axis| axis == over).unwrap_or(0);
    let step = importer.program.push(Operation::Concat { axis: place }, &arrays, &stored, "")?;
    Ok(Flow { step, view: View::in_order(&output, &order) })
}

/// The order in which a value is stored that has the axis of the join, if each of its axes is stored as one.
fn common_order(flows: &[Flow], over: usize) -> Vec<usize> {
    let whole =
        |flow: &&Flow| flow.view.axes.iter().all(|stored| stored.len() <= 1) && !flow.view.stored(over).is_empty();
    let Some(flow) = flows.iter().find(whole) else {
        return (0..flows.first().map_or(0, |flow| flow.view.rank())).collect();
    };
    let view = &flow.view;
    let mut order: Vec<usize> = (0..view.rank()).collect();
    // Axes of size 1 come first: they are stored anywhere.
    order.sort_by_key(|&axis| view.stored(axis).first().map_or(0, |&stored| stored + 1));
    order
}

/// `Pad` with a constant, as attributes before opset 11.
pub(super) fn pad(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    let mode = call.node.text("mode", "constant")?;
    if mode != "constant" {
        return Err(Refusal::new(format!("attribute mode = {mode}"), "constant"));
    }
    let x = call.flow(0)?;
    let rank = x.view.rank();
    let pads = call.ints("pads", 1)?.ok_or_else(|| Refusal::new("no pads", "constants"))?;
    let over = match call.constant(3)? {
        Some(tensor) => axes(tensor.to_ints()?, rank)?,
        None => (0..rank).collect(),
    };
    let value = match call.constant(2)? {
        Some(tensor) => tensor.scalar().ok_or_else(|| Refusal::new("several values", "one value"))?,
        None => call.node.float("value", 0.0),
    };
    if !(value as f32).is_finite() || value.abs() > 1e30 {
        return Err(Refusal::new(format!("the value {value}"), "a finite value"));
    }
    let (before, after) = pads.split_at_checked(over.len()).filter(|(a, b)| a.len() == b.len()).ok_or_else(|| {
        Refusal::new(format!("{} numbers of entries", pads.len()), format!("two for each of {} axes", over.len()))
    })?;
    let mut flow = x.clone();
    for ((&axis, &before), &after) in over.iter().zip(before).zip(after) {
        let size = |n: i64| usize::try_from(n).ok().filter(|&n| n <= 1 << 20);
        let (Some(before), Some(after)) = (size(before), size(after)) else {
            return Err(Refusal::new(format!("pads {before} and {after}"), "numbers from 0"));
        };
        if before + after > 0 {
            flow = bordered(importer, &flow, axis, [before, after], value)?;
        }
    }
    Ok(flow)
}

fn bordered(
    importer: &mut Importer<'_>,
    x: &Flow,
    axis: usize,
    border: [usize; 2],
    value: f64,
) -> Result<Flow, Refusal> {
    let order = common_order(std::slice::from_ref(x), axis);
    let groups: Vec<&[usize]> = order.iter().map(std::slice::from_ref).collect();
    let array = importer.program.arranged(x, &groups)?;
    let place = order.iter().position(|&other| other == axis).unwrap_or(0);
    let mut output = x.view.shape();
    output[axis] += border[0] + border[1];
    // Leading axes of size 1 are not stored, so that a border of a feature map stays one of (height, width, channels).
    let lead = order.iter().take_while(|&&axis| output[axis] == 1).count().min(place);
    let shape: Vec<usize> = order.iter().skip(lead).map(|&axis| output[axis]).collect();
    let mut inner = shape.clone();
    inner[place - lead] = x.view.axis_size(axis);
    let array = importer.program.shaped(array, &inner)?;
    let pad = Operation::Pad { axis: place - lead, before: border[0], after: border[1], value };
    let step = importer.program.push(pad, &[array], &shape, "")?;
    Ok(Flow { step, view: View::in_order(&output, &order) })
}
