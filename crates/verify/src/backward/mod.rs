//! The backward pass: linear lower bounds of 16 rows, from a value to the input.
//!
//! Before each node, a row's target is at least `c + A z` for every input of the set, with a constant c and
//! coefficients A of the node's output z. The pass replaces z by the values that the node reads. See
//! [`rounding`](crate::rounding) for the errors that it subtracts.

mod convolution;
mod correlate;
mod forward;
mod lines;
mod max;
mod moves;
mod product;
mod relu;
mod softmax;
mod sums;

use crate::InputSet;
use crate::interval::Ranges;
use crate::lane::{LANES, Lane};
use crate::program::{Operation, Program};
use crate::region::Region;
use crate::relaxation::Lines;
use crate::rounding::{FLOOR, ROOM, gamma};
use crate::simd::vectorize;
use convolution::Frame;
use lines::{Intercepts, LinesBackward};
use max::max_backward;
use moves::{AddMoves, Move, Scaled};
use product::ProductBackward;
use relu::ReluBackward;
use sums::{BoxMinimum, Dot, Totals};

/// A network whose nonlinear nodes have lines, on a set of inputs.
#[derive(Clone, Copy)]
pub(crate) struct Relaxed<'a> {
    pub(crate) program: &'a Program,
    pub(crate) input: &'a InputSet,
    pub(crate) ranges: &'a Ranges,
    /// The lines of the nodes so far.
    pub(crate) lines: &'a [Lines],
    /// The largest size of any value so far.
    pub(crate) largest: f64,
}

/// For each node, the slopes below its ReLUs, one lane for each feature of the region of a pass.
pub(crate) type Slopes = Vec<Vec<Lane>>;

/// A ReLU whose sign is assumed in one row, with the multiplier of the assumption.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Split {
    pub(crate) node: usize,
    pub(crate) feature: usize,
    pub(crate) row: usize,
    /// Whether the input of the ReLU is at least 0; otherwise it is at most 0.
    pub(crate) active: bool,
    pub(crate) multiplier: f32,
}

impl Split {
    /// 1 if the input is at least 0, and −1 if it is at most 0.
    pub(crate) fn sign(&self) -> f32 {
        if self.active { 1.0 } else { -1.0 }
    }
}

/// Space of a pass, with the coefficients of all values after it.
#[derive(Default)]
pub(crate) struct Workspace {
    /// For each value, the coefficients of its features.
    pub(crate) coefficients: Vec<Vec<Lane>>,
    /// For each value, the point that the bound is attained at.
    pub(crate) points: Vec<Vec<Lane>>,
    /// For each value, the region with coefficients.
    pub(crate) regions: Vec<Option<Region>>,
    written: Vec<bool>,
    frame: Frame,
    moves: Vec<Move>,
    /// Whether each row's minimum comes from the L2 ball.
    in_ball: [bool; LANES],
}

impl Workspace {
    /// Prepares rows of coefficients of a value, all zero in a region, and gives them.
    pub(crate) fn start(&mut self, program: &Program, value: usize, region: Region) -> &mut [Lane] {
        let count = program.values.len();
        self.coefficients.resize(count, Vec::new());
        self.points.resize(count, Vec::new());
        if cfg!(debug_assertions) {
            // A number that an earlier pass left must not be read.
            let stale = self.coefficients.iter_mut().chain(&mut self.points);
            stale.for_each(|numbers| numbers.fill(Lane::splat(f32::NAN)));
        }
        self.regions.clear();
        self.regions.resize(count, None);
        self.written.clear();
        self.written.resize(count, false);
        self.regions[value] = Some(region);
        for node in (0..value).rev() {
            let Some(mut region) = self.regions[node + 1] else { continue };
            if program.nodes[node].operation.reads_anywhere() {
                // Its entries lie anywhere, so a pass over it reads all of them.
                region = Region::full(program.values[node + 1]);
                self.regions[node + 1] = Some(region);
            }
            for (number, &input) in program.nodes[node].inputs.iter().enumerate() {
                let reach = reach(program, node, number, region);
                // A convolution's outputs may read nothing but the border.
                if reach.len(program.values[input]) == 0 {
                    continue;
                }
                self.regions[input] = Some(self.regions[input].map_or(reach, |other| other.union(reach)));
            }
        }
        if value == program.output() {
            // Splits and scores may be of any neuron, also of one that the outputs do not depend on.
            for (region, &map) in self.regions.iter_mut().zip(&program.values) {
                *region = Some(Region::full(map));
            }
        }
        self.prepare(program, value, None);
        &mut self.coefficients[value]
    }

    /// Makes room for coefficients of a value. Returns whether they have to be added to those that are there, and
    /// whether some were written before. `own` is the region that will be overwritten wholly, if any.
    fn prepare(&mut self, program: &Program, value: usize, own: Option<Region>) -> (bool, bool) {
        let before = self.written[value];
        if before {
            return (true, true);
        }
        self.written[value] = true;
        let numbers = &mut self.coefficients[value];
        if numbers.len() != program.width(value) {
            numbers.clear();
            numbers.resize(program.width(value), Lane::ZERO);
        }
        if own.is_some() && own == self.regions[value] {
            return (false, false);
        }
        if let Some(region) = self.regions[value] {
            region.runs(program.values[value]).for_each(|run| numbers[run].fill(Lane::ZERO));
        }
        (true, false)
    }

    /// Lower bounds of 16 rows, whose coefficients of a value were written after [`start`](Self::start). Rows that are
    /// not bounded are −∞ or NaN.
    pub(crate) fn lower_bounds(
        &mut self,
        relaxed: Relaxed<'_>,
        value: usize,
        slopes: Option<&Slopes>,
        splits: &[Split],
    ) -> [f64; LANES] {
        let mut totals = Totals::default();
        for node in (0..value).rev() {
            if let Some(region) = self.regions[node + 1] {
                self.step(relaxed, node, region, slopes, splits, &mut totals);
            }
        }
        self.minimum(relaxed, &mut totals);
        let floor = FLOOR * (1.0 + relaxed.largest);
        let factor = ROOM * relaxed.ranges.rounded;
        std::array::from_fn(|row| totals.constant[row] - (factor * totals.error[row] + floor))
    }

    /// The step over one node.
    fn step(
        &mut self,
        relaxed: Relaxed<'_>,
        node: usize,
        region: Region,
        slopes: Option<&Slopes>,
        splits: &[Split],
        totals: &mut Totals,
    ) {
        let Relaxed { program, ranges, lines, .. } = relaxed;
        let (value, inputs) = (node + 1, &program.nodes[node].inputs);
        let map = program.values[value];
        // No later node wrote to a value that nothing depends on.
        self.prepare(program, value, None);
        let mut from = std::mem::take(&mut self.coefficients[value]);
        let operation = &program.nodes[node].operation;
        // The constant of the node, and what its rounding is charged.
        let numbers: Option<&[f32]> = match operation {
            Operation::Convolution(conv) => Some(&conv.biases),
            Operation::Constant(numbers) => Some(numbers),
            Operation::Product(_) => match &lines[node] {
                Lines::Product(planes) => Some(&planes.constant),
                _ => None,
            },
            _ => None,
        };
        let charges = &ranges.charge[value];
        for run in region.runs(map) {
            let coefficients = &from[run.clone()];
            let numbers = numbers.map(|numbers| &numbers[run.clone()]);
            vectorize(Dot { coefficients, numbers, charges: &charges[run], factor: 1.0, totals });
        }
        if let Lines::Product(planes) = &lines[node] {
            subtract_gaps(&from, &planes.gap, totals);
        }
        for (number, &input) in inputs.iter().enumerate() {
            let same = program.values[input] == map;
            let own = match operation {
                Operation::Convolution(conv) if conv.input == program.values[input] => Some(conv.reach(region)),
                Operation::Relu { .. } | Operation::Scale { .. } | Operation::Curve(_) if same => Some(region),
                _ => None,
            };
            let (add, charged) = self.prepare(program, input, own);
            let additions = match operation {
                Operation::Mean { window, .. } | Operation::Max { window } => window.overlap(),
                Operation::Gather(gather) => gather.most_readers,
                Operation::Product(product) => product.readers(number == 1),
                _ => 1,
            };
            if charged && additions > 1 {
                // Each addition rounds a sum that includes the coefficient from before.
                self.charge_sum(relaxed, input, additions, totals);
            }
            let mut to = std::mem::take(&mut self.coefficients[input]);
            match operation {
                Operation::Convolution(conv) => {
                    let onto = conv.reach(region);
                    self.frame.transposed(conv, (&from, region), (&mut to, onto), add);
                }
                Operation::Scale { scale, shift } => {
                    for run in region.runs(map) {
                        let (from, to) = (&from[run.clone()], &mut to[run]);
                        scaled_constant(from, shift, totals);
                        vectorize(Scaled { from, to, scale, shift: None, add });
                    }
                }
                Operation::Mean { window, share } => {
                    moves::of_mean(window, share, region, &mut self.moves);
                    vectorize(AddMoves { moves: &self.moves, from: &from, to: &mut to, backward: true });
                }
                Operation::Gather(gather) => {
                    moves::of_gather(gather, number, &mut self.moves);
                    vectorize(AddMoves { moves: &self.moves, from: &from, to: &mut to, backward: true });
                }
                Operation::Sum => {
                    let whole = region.runs(map);
                    self.moves.clear();
                    self.moves.extend(whole.map(|run| Move {
                        input: run.start,
                        output: run.start,
                        len: run.len(),
                        weight: 1.0,
                    }));
                    vectorize(AddMoves { moves: &self.moves, from: &from, to: &mut to, backward: true });
                }
                Operation::Relu { slope } => {
                    if let Lines::Relu(lines) = &lines[node] {
                        let here = || splits.iter().filter(|split| split.node == node);
                        let fixed: Vec<f32> = here().map(|s| std::mem::take(&mut from[s.feature].0[s.row])).collect();
                        let mut offset = 0;
                        for run in region.runs(map) {
                            let slopes = slopes.map(|slopes| &slopes[node][offset..offset + run.len()]);
                            offset += run.len();
                            let (from, to, size) = (&from[run.clone()], &mut to[run.clone()], &ranges.size[input]);
                            vectorize(ReluBackward { from, to, lines, run, slopes, size, add, totals });
                        }
                        for (split, a) in here().zip(fixed) {
                            from[split.feature].0[split.row] = a;
                            let size = f64::from(ranges.size[input][split.feature]);
                            let entry = &mut to[split.feature].0[split.row];
                            let kept = if split.active { a } else { a * slope };
                            *entry += kept;
                            totals.error[split.row] += gamma(2) * size * f64::from(kept.abs() + entry.abs());
                            *entry -= split.multiplier * split.sign();
                            totals.error[split.row] += gamma(2) * size * f64::from(entry.abs());
                        }
                    }
                }
                Operation::Max { .. } => {
                    if let Lines::Max(lines) = &lines[node] {
                        for run in region.runs(map) {
                            run.for_each(|feature| max_backward(lines, feature, from[feature], &mut to, totals));
                        }
                    }
                }
                Operation::Curve(_) => {
                    if let Lines::Curve(lines) = &lines[node] {
                        for run in region.runs(map) {
                            let (coefficients, own) = (&from[run.clone()], run.clone());
                            let (floor, ceiling) = (&lines.floor[own.clone()], &lines.ceiling[own]);
                            vectorize(Intercepts { coefficients, floor, ceiling, totals });
                            let (from, to, size) = (coefficients, &mut to[run.clone()], &ranges.size[input]);
                            vectorize(LinesBackward { from, to, lines, run, size, add, totals });
                        }
                    }
                }
                Operation::Product(product) => {
                    if let Lines::Product(planes) = &lines[node] {
                        let (from, to, second) = (&from, &mut to, number == 1);
                        vectorize(ProductBackward { product, planes, from, to, second });
                    }
                }
                &Operation::Softmax { shape } => {
                    if let Lines::Softmax(planes) = &lines[node] {
                        softmax::backward(shape, planes, &from, &mut to, totals);
                    }
                }
                Operation::Constant(_) => {}
            }
            self.coefficients[input] = to;
            if charged {
                self.charge_sum(relaxed, input, 1, totals);
            }
        }
        self.coefficients[value] = from;
    }

    /// The rounding of additions to coefficients of a value that several nodes read.
    fn charge_sum(&self, relaxed: Relaxed<'_>, value: usize, additions: usize, totals: &mut Totals) {
        let Some(region) = self.regions[value] else { return };
        for run in region.runs(relaxed.program.values[value]) {
            let (coefficients, charges) = (&self.coefficients[value][run.clone()], &relaxed.ranges.size[value][run]);
            vectorize(Dot { coefficients, numbers: None, charges, factor: gamma(additions + 1), totals });
        }
    }

    /// Adds the least value of the coefficients of the input.
    fn minimum(&mut self, relaxed: Relaxed<'_>, totals: &mut Totals) {
        self.in_ball = [false; LANES];
        let Some(region) = self.regions[0] else { return };
        self.prepare(relaxed.program, 0, None);
        let before = *totals;
        let InputSet { lower, upper, ball } = relaxed.input;
        let charges = &relaxed.ranges.charge[0];
        for run in region.runs(relaxed.program.values[0]) {
            let (coefficients, charges) = (&self.coefficients[0][run.clone()], &charges[run.clone()]);
            let (lower, upper) = (&lower[run.clone()], &upper[run]);
            vectorize(BoxMinimum { coefficients, lower, upper, charges, totals });
        }
        let Some(ball) = ball else { return };
        for row in 0..LANES {
            let (mut dot, mut size, mut squares, mut terms) = (before.constant[row], 0.0, 0.0, 0);
            for feature in region.runs(relaxed.program.values[0]).flatten() {
                let a = f64::from(self.coefficients[0][feature].0[row]);
                let x = f64::from(ball.centre[feature]);
                dot += a * x;
                size += (a * x).abs();
                squares += a * a;
                terms += 1;
            }
            // The dot product and the norm are rounded in `f64`.
            let room = crate::rounding::gamma64(terms);
            let norm = (squares * (1.0 + room)).sqrt() * (1.0 + room);
            let error = before.error[row] + (size + before.constant[row].abs()) * room;
            let constant = dot - ball.radius * norm;
            if constant - ROOM * error > totals.constant[row] - ROOM * totals.error[row] {
                (totals.constant[row], totals.error[row]) = (constant, error);
                self.in_ball[row] = true;
            }
        }
    }
}

/// Subtracts `Σ |a| · gap` from the constants. The gaps have room for the rounding of these sums.
fn subtract_gaps(coefficients: &[Lane], gaps: &[f32], totals: &mut Totals) {
    let mut sums = Totals::default();
    vectorize(Dot { coefficients, numbers: None, charges: gaps, factor: 1.0, totals: &mut sums });
    totals.constant.iter_mut().zip(sums.error).for_each(|(constant, gap)| *constant -= gap);
}

/// Adds `Σ a · shift` in `f64`. Charges cover its rounding.
fn scaled_constant(from: &[Lane], shift: &[f32], totals: &mut Totals) {
    for (lane, &shift) in from.iter().zip(shift.iter().cycle()) {
        if shift != 0.0 {
            for row in 0..LANES {
                totals.constant[row] += f64::from(lane.0[row]) * f64::from(shift);
            }
        }
    }
}

/// The region of an input of a node that a region of its output depends on.
fn reach(program: &Program, node: usize, input: usize, region: Region) -> Region {
    let node_of = &program.nodes[node];
    let value = node_of.inputs[input];
    let (map, output) = (program.values[value], program.values[node + 1]);
    match &node_of.operation {
        Operation::Convolution(conv) if conv.input == map => conv.reach(region),
        Operation::Mean { window, .. } | Operation::Max { window } if window.input == map => window.reach(region),
        Operation::Relu { .. } | Operation::Curve(_) | Operation::Scale { .. } | Operation::Sum if map == output => {
            region
        }
        _ => Region::full(map),
    }
}

/// The number of features of a region of a value.
pub(crate) fn region_len(program: &Program, value: usize, region: Option<Region>) -> usize {
    region.map_or(0, |region| region.len(program.values[value]))
}
