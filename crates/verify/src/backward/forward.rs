//! The point that a bound is attained at: the input that minimises the linear bound, and the values of all lines there.

use super::moves::{self, AddMoves, Move, Scaled};
use super::relu::ReluForward;
use super::{Relaxed, Slopes, Split, Workspace, lines, product, softmax};
use crate::lane::{LANES, Lane};
use crate::program::Operation;
use crate::relaxation::Lines;
use crate::simd::vectorize;

impl Workspace {
    /// Writes the points of the last backward pass from `value`. They are the derivatives of its bounds with respect to
    /// the coefficients, and need not be sound.
    pub(crate) fn trace(&mut self, relaxed: Relaxed<'_>, value: usize, slopes: Option<&Slopes>, splits: &[Split]) {
        self.trace_input(relaxed);
        for node in 0..value {
            self.trace_node(relaxed, node, slopes, splits);
        }
    }

    fn trace_input(&mut self, relaxed: Relaxed<'_>) {
        let Some(region) = self.regions[0] else { return };
        let map = relaxed.program.values[0];
        let input = relaxed.input;
        self.points[0].resize(relaxed.program.width(0), Lane::ZERO);
        for feature in region.runs(map).flatten() {
            let (a, low, high) = (self.coefficients[0][feature], input.lower[feature], input.upper[feature]);
            self.points[0][feature] = Lane(std::array::from_fn(|row| if a.0[row] >= 0.0 { low } else { high }));
        }
        let Some(ball) = &input.ball else { return };
        for row in (0..LANES).filter(|&row| self.in_ball[row]) {
            let square = |feature: usize| f64::from(self.coefficients[0][feature].0[row]).powi(2);
            let norm = region.runs(map).flatten().map(square).sum::<f64>().sqrt();
            let scale = if norm > 0.0 { (ball.radius / norm) as f32 } else { 0.0 };
            for feature in region.runs(map).flatten() {
                let a = self.coefficients[0][feature].0[row];
                self.points[0][feature].0[row] = ball.centre[feature] - scale * a;
            }
        }
    }

    fn trace_node(&mut self, relaxed: Relaxed<'_>, node: usize, slopes: Option<&Slopes>, splits: &[Split]) {
        let program = relaxed.program;
        let (value, inputs) = (node + 1, &program.nodes[node].inputs);
        let Some(region) = self.regions[value] else { return };
        let map = program.values[value];
        let mut to = std::mem::take(&mut self.points[value]);
        to.resize(program.width(value), Lane::ZERO);
        let fill = |to: &mut [Lane]| region.runs(map).for_each(|run| to[run].fill(Lane::ZERO));
        match &program.nodes[node].operation {
            Operation::Convolution(conv) => {
                let of = conv.reach(region);
                self.frame.forward(conv, (&self.points[inputs[0]], of), (&mut to, region));
            }
            Operation::Scale { scale, shift } => {
                for run in region.runs(map) {
                    let (from, to) = (&self.points[inputs[0]][run.clone()], &mut to[run]);
                    vectorize(Scaled { from, to, scale, shift: Some(shift), add: false });
                }
            }
            Operation::Mean { window, share } => {
                fill(&mut to);
                moves::of_mean(window, share, region, &mut self.moves);
                let from = &self.points[inputs[0]];
                vectorize(AddMoves { moves: &self.moves, from, to: &mut to, backward: false });
            }
            Operation::Gather(gather) => {
                fill(&mut to);
                for (number, &input) in inputs.iter().enumerate() {
                    moves::of_gather(gather, number, &mut self.moves);
                    let from = &self.points[input];
                    vectorize(AddMoves { moves: &self.moves, from, to: &mut to, backward: false });
                }
            }
            Operation::Sum => {
                fill(&mut to);
                self.moves.clear();
                let runs = region.runs(map);
                self.moves.extend(runs.map(|run| Move {
                    input: run.start,
                    output: run.start,
                    len: run.len(),
                    weight: 1.0,
                }));
                for &input in inputs {
                    let from = &self.points[input];
                    vectorize(AddMoves { moves: &self.moves, from, to: &mut to, backward: false });
                }
            }
            Operation::Constant(numbers) => {
                for feature in region.runs(map).flatten() {
                    to[feature] = Lane::splat(numbers[feature]);
                }
            }
            Operation::Relu { slope } => {
                if let Lines::Relu(lines) = &relaxed.lines[node] {
                    let (coefficients, from) = (&self.coefficients[value], &self.points[inputs[0]]);
                    let mut offset = 0;
                    for run in region.runs(map) {
                        let slopes = slopes.map(|slopes| &slopes[node][offset..offset + run.len()]);
                        offset += run.len();
                        let (a, x) = (&coefficients[run.clone()], &from[run.clone()]);
                        let to = &mut to[run.clone()];
                        vectorize(ReluForward { coefficients: a, from: x, to, lines, run, slopes });
                    }
                    for split in splits.iter().filter(|split| split.node == node) {
                        let x = from[split.feature].0[split.row];
                        to[split.feature].0[split.row] = if split.active { x } else { slope * x };
                    }
                }
            }
            Operation::Curve(_) => {
                if let Lines::Curve(lines) = &relaxed.lines[node] {
                    let (coefficients, from) = (&self.coefficients[value], &self.points[inputs[0]]);
                    for run in region.runs(map) {
                        let (a, x) = (&coefficients[run.clone()], &from[run.clone()]);
                        lines::forward(lines, run.clone(), a, x, &mut to[run]);
                    }
                }
            }
            Operation::Product(of) => {
                if let (Lines::Product(planes), &[first, second]) = (&relaxed.lines[node], &inputs[..]) {
                    let points = [&self.points[first][..], &self.points[second][..]];
                    product::forward(of, planes, &self.coefficients[value], points, &mut to);
                }
            }
            &Operation::Softmax { shape } => {
                if let Lines::Softmax(planes) = &relaxed.lines[node] {
                    let (coefficients, from) = (&self.coefficients[value], &self.points[inputs[0]]);
                    softmax::forward(shape, planes, coefficients, from, &mut to);
                }
            }
            Operation::Max { .. } => {
                if let Lines::Max(lines) = &relaxed.lines[node] {
                    let (coefficients, from) = (&self.coefficients[value], &self.points[inputs[0]]);
                    for feature in region.runs(map).flatten() {
                        let (x, top) = (from[lines.entry[feature] as usize], lines.top[feature]);
                        let a = coefficients[feature];
                        let keep = |row: usize| a.0[row] >= 0.0 || lines.dominant[feature];
                        to[feature] = Lane(std::array::from_fn(|row| if keep(row) { x.0[row] } else { top }));
                    }
                }
            }
        }
        self.points[value] = to;
    }
}
