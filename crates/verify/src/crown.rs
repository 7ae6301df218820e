//! Bounds of every value: intervals first, then backward passes from the neurons whose sign they leave open.

use crate::ascent::Seeds;
use crate::backward::{Relaxed, Slopes, Workspace};
use crate::interval::Ranges;
use crate::lane::LANES;
use crate::program::{Operation, Program};
use crate::region::Region;
use crate::relaxation::Lines;
use crate::rounding::{Rounding, down, up};
use crate::spare::with_workspace;
use crate::specification::{LinearConstraint, Specification};
use crate::{InputSet, VerifyError};
use rayon::prelude::*;

/// Neurons whose bounds one pass computes: two rows each.
pub(crate) const NEURONS: usize = LANES / 2;

/// Ranges of smooth nodes' inputs that are narrower than this part of their size stay as they are: a pass would find rounding.
const LEAST_WIDTH: f32 = 1e-6;

/// How far a verification goes, from cheap to complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Intervals only.
    Interval,
    /// Intervals, and linear bounds of the neurons that they leave unstable.
    Crown,
    /// The same with optimised slopes.
    Slopes,
    /// The same, and then branch and bound.
    Complete,
}

/// A network on a set of inputs, with bounds of all its values.
#[derive(Clone, Debug)]
pub struct Bounds<'a> {
    pub(crate) program: &'a Program,
    pub(crate) input: &'a InputSet,
    pub(crate) ranges: Ranges,
    pub(crate) lines: Vec<Lines>,
    pub(crate) largest: f64,
    /// The derivatives of the margins with respect to all ranges, after an optimisation of slopes.
    pub(crate) influence: Option<Seeds>,
}

impl<'a> Bounds<'a> {
    /// Computes bounds of all values, by intervals or else by CROWN.
    ///
    /// # Errors
    /// Returns [`VerifyError::Length`] if the set has another number of inputs than the network.
    pub fn new(program: &'a Program, input: &'a InputSet, method: Method) -> Result<Self, VerifyError> {
        Self::with_rounding(program, input, method, Rounding::Sound)
    }

    /// Computes bounds of all values that may ignore rounding.
    ///
    /// # Errors
    /// Returns [`VerifyError::Length`] if the set has another number of inputs than the network.
    pub fn with_rounding(
        program: &'a Program,
        input: &'a InputSet,
        method: Method,
        rounding: Rounding,
    ) -> Result<Self, VerifyError> {
        if input.len() != program.inputs() {
            return Err(VerifyError::Length { what: "inputs", found: input.len(), expected: program.inputs() });
        }
        let ranges = Ranges::of_input(program, &input.lower, &input.upper, rounding);
        let mut bounds = Self {
            program,
            input,
            ranges,
            lines: Vec::with_capacity(program.nodes.len()),
            largest: 0.0,
            influence: None,
        };
        bounds.enlarge(0);
        for node in 0..program.nodes.len() {
            if method != Method::Interval {
                bounds.refine(node);
            }
            let lines = Lines::of(program, &bounds.ranges, node);
            bounds.lines.push(lines);
            bounds.ranges.step(program, node);
            bounds.enlarge(node + 1);
        }
        Ok(bounds)
    }

    /// Bounds of all values of a program that computes the same function as another one on this set, from the other one's bounds.
    /// `origins` names the same value of the other program, for each value that it has too.
    pub(crate) fn within(program: &'a Program, origins: &[Option<usize>], of: &Bounds<'a>) -> Self {
        let input = of.input;
        let rounding = if of.ranges.rounded == 0.0 { Rounding::Ignored } else { Rounding::Sound };
        let mut bounds = Self {
            program,
            input,
            ranges: Ranges::of_input(program, &input.lower, &input.upper, rounding),
            lines: Vec::with_capacity(program.nodes.len()),
            largest: 0.0,
            influence: None,
        };
        bounds.enlarge(0);
        let mut changed = vec![false; program.values.len()];
        for node in 0..program.nodes.len() {
            let value = node + 1;
            changed[value] = origins[value].is_none() || program.nodes[node].inputs.iter().any(|&from| changed[from]);
            if program.nodes[node].inputs.iter().any(|&from| changed[from]) {
                bounds.refine(node);
            }
            bounds.lines.push(Lines::of(program, &bounds.ranges, node));
            bounds.ranges.step(program, node);
            if let Some(origin) = origins[value] {
                bounds.ranges.meet(value, &of.ranges, origin);
            }
            bounds.enlarge(value);
        }
        bounds
    }

    /// The network with its lines.
    pub(crate) fn relaxed(&self) -> Relaxed<'_> {
        let Self { program, input, ranges, lines, largest, .. } = self;
        Relaxed { program, input, ranges, lines, largest: *largest }
    }

    fn enlarge(&mut self, value: usize) {
        self.largest = self.ranges.size[value].iter().fold(self.largest, |most, &x| most.max(f64::from(x)));
    }

    /// Tightens the ranges of a nonlinear node's inputs.
    fn refine(&mut self, node: usize) {
        for (value, neurons) in self.open_neurons(node).into_iter().chain(self.wide_neurons(node)) {
            self.bound(value, &neurons);
        }
    }

    /// Tightens the ranges of some neurons of a value.
    fn bound(&mut self, value: usize, neurons: &[u32]) {
        let blocks: Vec<&[u32]> = neurons.chunks(NEURONS).collect();
        let relaxed = self.relaxed();
        let found: Vec<[f64; LANES]> = blocks
            .par_iter()
            .map(|block| with_workspace(|workspace| bound_neurons(relaxed, workspace, value, block, None)))
            .collect();
        for (block, found) in blocks.iter().zip(found) {
            self.ranges.intersect(value, block, &found);
        }
        self.ranges.measure(value);
    }

    /// The neurons of a smooth node's inputs whose ranges are no points.
    fn wide_neurons(&self, node: usize) -> Vec<(usize, Vec<u32>)> {
        let exact = |value: &usize| self.program.exact_interval[*value] && self.input.ball.is_none();
        let tight = self.program.nodes[node].tight.iter().copied().filter(|value| !exact(value));
        let wide = |value: usize| {
            let (lower, upper) = (&self.ranges.lower[value], &self.ranges.upper[value]);
            let neurons = (0..lower.len() as u32).filter(|&i| {
                let (l, u) = (lower[i as usize], upper[i as usize]);
                u - l > LEAST_WIDTH * l.abs().max(u.abs())
            });
            (value, self.neighbours(value, neurons.collect()))
        };
        tight.map(wide).collect()
    }

    /// Neurons of a value in an order in which neighbours are together.
    fn neighbours(&self, value: usize, mut neurons: Vec<u32>) -> Vec<u32> {
        let [_, width, channels] = self.program.values[value];
        neurons.sort_by_cached_key(|&neuron| {
            let place = neuron as usize / channels;
            (interleaved(place / width, place % width), neuron)
        });
        neurons
    }

    /// Narrows these bounds to the part of the set where the input of a ReLU has a sign, and tightens all ranges there.
    pub(crate) fn assume(&mut self, node: usize, feature: usize, active: bool) {
        let Some(&value) = self.program.nodes[node].inputs.first() else { return };
        let (lower, upper) = (&mut self.ranges.lower[value][feature], &mut self.ranges.upper[value][feature]);
        if active {
            *lower = lower.max(0.0);
        } else {
            *upper = upper.min(0.0);
        }
        self.ranges.measure(value);
        for later in 0..self.program.nodes.len() {
            if later > node {
                self.refine(later);
            }
            if later >= node {
                self.lines[later] = Lines::of(self.program, &self.ranges, later);
                self.ranges.step_within(self.program, later);
            }
        }
    }

    /// The neurons of a node's input whose bounds a backward pass may improve, neighbours together.
    pub(crate) fn open_neurons(&self, node: usize) -> Option<(usize, Vec<u32>)> {
        let node = &self.program.nodes[node];
        let value = *node.inputs.first()?;
        let exact = self.program.exact_interval[value] && self.input.ball.is_none();
        if exact || !matches!(node.operation, Operation::Relu { .. } | Operation::Max { .. }) {
            return None;
        }
        let (lower, upper) = (&self.ranges.lower[value], &self.ranges.upper[value]);
        let neurons: Vec<u32> = match &node.operation {
            Operation::Max { window } => {
                let mut open = vec![false; lower.len()];
                let all = Lines::of(
                    self.program,
                    &self.ranges,
                    self.program.nodes.iter().position(|n| std::ptr::eq(n, node))?,
                );
                if let Lines::Max(lines) = all {
                    for feature in (0..lines.entry.len()).filter(|&feature| !lines.dominant[feature]) {
                        let least = lower[lines.entry[feature] as usize];
                        window.entries(feature).filter(|&i| upper[i] > least).for_each(|i| open[i] = true);
                    }
                }
                (0..lower.len() as u32).filter(|&i| open[i as usize]).collect()
            }
            _ => (0..lower.len() as u32).filter(|&i| lower[i as usize] < 0.0 && upper[i as usize] > 0.0).collect(),
        };
        Some((value, self.neighbours(value, neurons)))
    }

    /// Lower bounds of the margins of all inequalities, one list for each target: the target cannot be met if one of its
    /// margins is positive.
    ///
    /// # Errors
    /// Returns [`VerifyError::Length`] if the specification has another number of outputs than the network.
    pub fn margins(&self, specification: &Specification) -> Result<Vec<Vec<f64>>, VerifyError> {
        self.check(specification)?;
        let rows: Vec<&LinearConstraint> = specification.targets.iter().flatten().collect();
        let blocks: Vec<&[&LinearConstraint]> = rows.chunks(LANES).collect();
        let relaxed = self.relaxed();
        let found: Vec<[f64; LANES]> = blocks
            .par_iter()
            .map(|block| {
                with_workspace(|workspace| {
                    let mut errors = start_constraints(relaxed, workspace, block);
                    let bounds = workspace.lower_bounds(relaxed, self.program.output(), None, &[]);
                    errors.iter_mut().zip(bounds).for_each(|(error, bound)| *error = bound - *error);
                    errors
                })
            })
            .collect();
        let mut margins = blocks.iter().zip(found).flat_map(|(block, found)| found.into_iter().take(block.len()));
        Ok(specification.targets.iter().map(|target| margins.by_ref().take(target.len()).collect()).collect())
    }

    pub(crate) fn check(&self, specification: &Specification) -> Result<(), VerifyError> {
        let (found, expected) = (specification.outputs, self.program.outputs());
        if found == expected { Ok(()) } else { Err(VerifyError::Length { what: "outputs", found, expected }) }
    }

    /// The number of ReLUs whose sign is not known.
    #[must_use]
    pub fn unstable(&self) -> usize {
        let count = |lines: &Lines| if let Lines::Relu(lines) = lines { lines.unstable.len() } else { 0 };
        self.lines.iter().map(count).sum()
    }

    /// Lower and upper ends of the outputs.
    #[must_use]
    pub fn outputs(&self) -> (&[f32], &[f32]) {
        let output = self.program.output();
        (&self.ranges.lower[output], &self.ranges.upper[output])
    }
}

/// The bits of two numbers in turns, so that numbers that are close make close results.
fn interleaved(row: usize, column: usize) -> u64 {
    (0..24).map(|bit| (((row >> bit & 1) << 1 | (column >> bit & 1)) as u64) << (2 * bit)).sum()
}

/// Writes the rows of inequalities. Returns what is to be subtracted from their bounds: the constant, and the rounding of
/// coefficients to `f32`.
pub(crate) fn start_constraints(
    relaxed: Relaxed<'_>,
    workspace: &mut Workspace,
    constraints: &[&LinearConstraint],
) -> [f64; LANES] {
    let program = relaxed.program;
    let output = program.output();
    let lanes = workspace.start(program, output, Region::full(program.values[output]));
    let mut errors = [0.0; LANES];
    for (row, constraint) in constraints.iter().enumerate() {
        errors[row] = constraint.bound;
        for ((lane, &a), &size) in lanes.iter_mut().zip(&constraint.coefficients).zip(&relaxed.ranges.size[output]) {
            lane.0[row] = a as f32;
            // The largest size of an output may be infinite.
            let lost = (a - f64::from(a as f32)).abs();
            if lost != 0.0 {
                errors[row] += lost * f64::from(size) * (1.0 + 1e-9);
            }
        }
        errors[row] += constraint.bound.abs() * 1e-15;
    }
    errors
}

/// Lower bounds of up to [`NEURONS`] neurons in even rows, and of their negatives in odd rows.
pub(crate) fn bound_neurons(
    relaxed: Relaxed<'_>,
    workspace: &mut Workspace,
    value: usize,
    neurons: &[u32],
    slopes: Option<&Slopes>,
) -> [f64; LANES] {
    start_neurons(relaxed.program, workspace, value, neurons);
    workspace.lower_bounds(relaxed, value, slopes, &[])
}

/// Writes the rows of neurons.
pub(crate) fn start_neurons(program: &Program, workspace: &mut Workspace, value: usize, neurons: &[u32]) {
    let map = program.values[value];
    let regions = neurons.iter().map(|&neuron| Region::of_feature(map, neuron as usize));
    let Some(region) = regions.reduce(Region::union) else { return };
    let lanes = workspace.start(program, value, region);
    for (k, &neuron) in neurons.iter().enumerate() {
        lanes[neuron as usize].0[2 * k] = 1.0;
        lanes[neuron as usize].0[2 * k + 1] = -1.0;
    }
}

impl Ranges {
    /// Narrows the ranges of a value to the ranges of the same value in another program.
    fn meet(&mut self, value: usize, of: &Self, origin: usize) {
        for (own, &other) in self.lower[value].iter_mut().zip(&of.lower[origin]) {
            *own = own.max(other);
        }
        for (own, &other) in self.upper[value].iter_mut().zip(&of.upper[origin]) {
            *own = own.min(other);
        }
        self.measure(value);
    }

    /// Tightens the ranges of neurons by bounds from a pass. NaN tightens nothing.
    pub(crate) fn intersect(&mut self, value: usize, neurons: &[u32], found: &[f64; LANES]) {
        for (&neuron, pair) in neurons.iter().zip(found.chunks_exact(2)) {
            let (lower, upper) = (&mut self.lower[value][neuron as usize], &mut self.upper[value][neuron as usize]);
            let (low, high) = (down(pair[0]), up(-pair[1]));
            if low > *lower && low <= *upper {
                *lower = low;
            }
            if high < *upper && high >= *lower {
                *upper = high;
            }
        }
    }
}
