//! Parts of the box of inputs, for networks of few inputs with smooth operations.
//!
//! No assumption on signs makes a smooth operation linear, but bounds are exact in the limit of small boxes. The box with the
//! worst bound is halved along the input that the margin depends on most. Each half has bounds of its own. The halves cover the box, so
//! the targets are excluded if they are excluded in every part.

use super::search::{End, Limits, Outcome};
use crate::crown::{Bounds, Method};
use crate::specification::{LinearConstraint, Specification};
use crate::{InputSet, VerifyError};
use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// The most inputs of a network whose box is split.
pub(crate) const MOST_INPUTS: usize = 20;

/// Boxes that are halved at a time. It does not depend on the number of threads.
const BATCH: usize = 16;

/// A part of the box.
struct Part {
    input: InputSet,
    /// The targets that are not excluded, with their bounds.
    open: Vec<(usize, f64)>,
    age: usize,
}

impl Part {
    /// The worst bound. NaN counts as the worst of all.
    fn worst(&self) -> f64 {
        let bound = |&(_, bound): &(usize, f64)| if bound.is_nan() { f64::NEG_INFINITY } else { bound };
        self.open.iter().map(bound).fold(f64::INFINITY, f64::min)
    }
}

impl Ord for Part {
    fn cmp(&self, other: &Self) -> Ordering {
        other.worst().total_cmp(&self.worst()).then(other.age.cmp(&self.age))
    }
}

impl PartialOrd for Part {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Part {}

/// Splits the box until every inequality is excluded in every part, or a limit is reached.
pub(crate) fn search_boxes(
    bounds: &Bounds<'_>,
    constraints: &[&LinearConstraint],
    limits: &Limits<'_>,
) -> Result<Outcome, VerifyError> {
    let all = |target| (target, f64::NEG_INFINITY);
    let whole = Part { input: bounds.input.clone(), open: (0..constraints.len()).map(all).collect(), age: 0 };
    let mut queue = BinaryHeap::from([whole]);
    // The least bound of each target's excluded parts.
    let mut known = vec![f64::INFINITY; constraints.len()];
    let (mut domains, mut leaves) = (0, Vec::new());
    let mut end = End::Proved;
    while !queue.is_empty() {
        if (limits.stop)() || domains >= limits.domains || queue.len() > limits.open {
            end = End::Limit;
            break;
        }
        let room = (limits.domains - domains).div_ceil(2).clamp(1, BATCH);
        let batch: Vec<Part> = std::iter::from_fn(|| queue.pop()).take(room).collect();
        let middles: Vec<Vec<f32>> = batch.iter().map(|part| middle(&part.input)).collect();
        if let Some(point) = (limits.witness)(&middles) {
            return Ok(Outcome { end: End::Falsified(point), bounds: known, domains });
        }
        let halves: Vec<Option<[InputSet; 2]>> =
            batch.iter().zip(&middles).map(|(part, middle)| halves(bounds, constraints, part, middle)).collect();
        let mut children = Vec::with_capacity(2 * batch.len());
        for (part, halves) in batch.into_iter().zip(halves) {
            match halves {
                Some(halves) => children.extend(halves.into_iter().map(|input| (input, part.open.clone()))),
                None => leaves.push(part),
            }
        }
        domains += children.len();
        let found: Vec<Result<Part, VerifyError>> =
            children.into_par_iter().map(|(input, open)| bounded(bounds, constraints, input, &open)).collect();
        for part in found {
            let mut part = part?;
            for &(target, bound) in part.open.iter().filter(|(_, bound)| *bound > 0.0) {
                known[target] = known[target].min(bound);
            }
            // A NaN is not excluded.
            part.open.retain(|&(_, bound)| bound.is_nan() || bound <= 0.0);
            if !part.open.is_empty() {
                part.age = domains + queue.len();
                queue.push(part);
            }
        }
    }
    let left = queue.iter().chain(&leaves).flat_map(|part| &part.open);
    left.for_each(|&(target, bound)| known[target] = known[target].min(if bound > 0.0 { 0.0 } else { bound }));
    if end == End::Proved && !leaves.is_empty() {
        end = End::Leaves;
    }
    Ok(Outcome { end, bounds: known, domains })
}

/// Bounds the open targets on a part. A bound is never worse than the one on the whole.
fn bounded(
    bounds: &Bounds<'_>,
    constraints: &[&LinearConstraint],
    input: InputSet,
    open: &[(usize, f64)],
) -> Result<Part, VerifyError> {
    let program = bounds.program;
    let targets = open.iter().map(|&(target, _)| vec![constraints[target].clone()]).collect();
    let specification = Specification { targets, outputs: program.outputs() };
    let margins = Bounds::new(program, &input, Method::Crown)?.margins(&specification)?;
    let better = |(&(target, before), margin): (&(usize, f64), &f64)| (target, before.max(*margin));
    let open = open.iter().zip(margins.iter().flatten()).map(better).collect();
    Ok(Part { input, open, age: 0 })
}

fn middle(input: &InputSet) -> Vec<f32> {
    input.lower.iter().zip(&input.upper).map(|(l, u)| l + 0.5 * (u - l)).collect()
}

/// The halves of a box, along the input with the largest product of its width and the derivative of the worst margin in the
/// middle. `None` if no input has a number between its ends.
fn halves(
    bounds: &Bounds<'_>,
    constraints: &[&LinearConstraint],
    part: &Part,
    middle: &[f32],
) -> Option<[InputSet; 2]> {
    let worst = part.open.iter().min_by(|a, b| a.1.total_cmp(&b.1))?.0;
    let weights = |_: usize, _: &[f32], to: &mut [f32]| {
        to.iter_mut().zip(&constraints[worst].coefficients).for_each(|(to, &a)| *to = a as f32);
    };
    let point = ndarray::ArrayView2::from_shape((1, middle.len()), middle).ok()?;
    let gradient = bounds.program.gradients(point, &weights).ok()?.1;
    let (lower, upper) = (&part.input.lower, &part.input.upper);
    let whole = bounds.input.lower.iter().zip(&bounds.input.upper);
    let least = 1e-3 * gradient.iter().map(|g| g.abs()).filter(|g| g.is_finite()).fold(0.0, f32::max);
    let score = |(i, (l, u)): (usize, (&f32, &f32))| {
        // An input with a small derivative is split at last, in proportion to its share of the whole.
        let slope = gradient[[0, i]].abs();
        let slope = if slope.is_finite() { slope.max(least).max(f32::MIN_POSITIVE) } else { 1.0 };
        let splits = lower[i] < middle[i] && middle[i] < upper[i] && u > l;
        (splits.then(|| f64::from(slope) * (f64::from(upper[i]) - f64::from(lower[i]))), i)
    };
    let best = whole.enumerate().map(score).filter_map(|(score, i)| Some((score?, i)));
    let (_, axis) = best.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))?;
    let mut halves = [part.input.clone(), part.input.clone()];
    halves[0].upper[axis] = middle[axis];
    halves[1].lower[axis] = middle[axis];
    Some(halves)
}
