//! Sums and means over axes.

use crate::error::Refusal;
use crate::importer::{Call, Importer};
use crate::node::axes;
use crate::program::{Flow, Operation};

/// `ReduceMean` and `ReduceSum`.
pub(super) fn reduce(importer: &mut Importer<'_>, call: &Call<'_>, mean: bool) -> Result<Flow, Refusal> {
    let x = call.flow(0)?;
    let rank = x.view.rank();
    let given = call.ints("axes", 1)?.filter(|axes| !axes.is_empty());
    let over = match given {
        Some(given) => axes(&given, rank)?,
        None if call.node.int("noop_with_empty_axes", 0) != 0 => return Ok(x.clone()),
        None => (0..rank).collect(),
    };
    over_axes(importer, x, &over, mean, call.node.int("keepdims", 1) != 0)
}

/// `GlobalAveragePool`.
pub(super) fn global_mean(importer: &mut Importer<'_>, call: &Call<'_>) -> Result<Flow, Refusal> {
    let x = call.flow(0)?;
    let over: Vec<usize> = (2..x.view.rank()).collect();
    over_axes(importer, x, &over, true, true)
}

fn over_axes(importer: &mut Importer<'_>, x: &Flow, over: &[usize], mean: bool, keep: bool) -> Result<Flow, Refusal> {
    let mut stored: Vec<usize> = over.iter().flat_map(|&axis| x.view.stored(axis)).copied().collect();
    stored.sort_unstable();
    stored.dedup();
    let mut view = x.view.without(&stored);
    let mut step = x.step;
    if !stored.is_empty() {
        let array = importer.program.array(x)?;
        let shape = view.array_shape();
        step = importer.program.push(Operation::Reduce { axes: stored, mean }, &[array], &shape, "")?;
    }
    if !keep {
        let axes = view.axes.into_iter().enumerate().filter(|(axis, _)| !over.contains(axis));
        view.axes = axes.map(|(_, stored)| stored).collect();
    }
    Ok(Flow { step, view })
}
