//! α-CROWN: bounds with optimised slopes, which include the slopes of intermediate bounds.
//!
//! Xu et al., "Fast and complete: enabling complete neural network verification with rapid and massively parallel
//! incomplete verifiers", 2021. Each row has slopes of its own: the rows of the specification, and the two rows of every
//! neuron whose sign is not known.

use crate::VerifyError;
use crate::ascent::{Ascent, BlockSeeds, Seeds};
use crate::backward::Workspace;
use crate::crown::{Bounds, NEURONS, start_constraints, start_neurons};
use crate::lane::LANES;
use crate::proof::{Record, row_slopes};
use crate::relaxation::Lines;
use crate::spare::with_workspace;
use crate::specification::{LinearConstraint, Specification};
use rayon::prelude::*;

/// How slopes are optimised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlopeOptions {
    /// The number of steps.
    pub iterations: usize,
    /// The first step of a slope.
    pub rate: f32,
    /// The factor of the step from one iteration to the next.
    pub decay: f32,
    /// Whether the slopes of intermediate bounds are optimised too.
    pub intermediate: bool,
    /// The largest memory of slopes, in bytes. Beyond it, only the slopes of the specification are optimised.
    pub memory: usize,
}

impl Default for SlopeOptions {
    fn default() -> Self {
        Self { iterations: 20, rate: 0.25, decay: 0.9, intermediate: true, memory: 1 << 30 }
    }
}

/// Neurons of a value with their slopes.
struct Block {
    node: usize,
    value: usize,
    neurons: Vec<u32>,
    ascent: Ascent,
}

/// Rows of the specification with their slopes.
struct Rows<'s> {
    numbers: Vec<usize>,
    constraints: Vec<&'s LinearConstraint>,
    ascent: Ascent,
}

/// What a pass of rows found: their bounds, the derivatives with respect to ranges, and the slopes of improved rows.
type RowsFound = (Vec<f64>, BlockSeeds, Vec<Option<Vec<f32>>>);

/// The margins of all inequalities, one list for each target.
pub(crate) type Margins = Vec<Vec<f64>>;

/// Whether every target is excluded.
pub(crate) fn proved(margins: &Margins) -> bool {
    margins.iter().all(|target| target.iter().any(|&margin| margin > 0.0))
}

impl Bounds<'_> {
    /// Improves these bounds by optimising slopes, until every target is excluded or the iterations end. Returns the best
    /// margin of every inequality, in the order of [`margins`](Self::margins). A margin is never below the one before.
    ///
    /// # Errors
    /// Returns [`VerifyError::Length`] if the specification has another number of outputs than the network.
    pub fn optimise(&mut self, specification: &Specification, options: &SlopeOptions) -> Result<Margins, VerifyError> {
        self.optimise_until(specification, options, &|| false, None)
    }

    pub(crate) fn optimise_until(
        &mut self,
        specification: &Specification,
        options: &SlopeOptions,
        stop: &(dyn Fn() -> bool + Sync),
        mut record: Option<&mut Record>,
    ) -> Result<Margins, VerifyError> {
        let mut margins = self.margins(specification)?;
        let open = |target: &Vec<f64>| !target.iter().any(|&margin| margin > 0.0);
        let mut constraints = Vec::new();
        let mut number = 0;
        for (target, margins) in specification.targets.iter().zip(&margins) {
            for constraint in target {
                if open(margins) {
                    constraints.push((number, constraint));
                }
                number += 1;
            }
        }
        if constraints.is_empty() {
            return Ok(margins);
        }
        let mut best: Vec<f64> = margins.concat();
        let mut workspace = Workspace::default();
        let mut rows: Vec<Rows<'_>> = Vec::new();
        for block in constraints.chunks(LANES) {
            let (numbers, constraints): (Vec<usize>, Vec<_>) = block.iter().copied().unzip();
            let relaxed = self.relaxed();
            start_constraints(relaxed, &mut workspace, &constraints);
            rows.push(Rows { numbers, constraints, ascent: Ascent::new(relaxed, &workspace) });
        }
        let mut blocks = if options.intermediate { self.blocks(&mut workspace, options.memory) } else { Vec::new() };
        for iteration in 0..options.iterations {
            if stop() {
                break;
            }
            let rate = options.rate * options.decay.powi(iteration as i32);
            if iteration > 0 && !blocks.is_empty() {
                self.tighten(&mut blocks);
            }
            let relaxed = self.relaxed();
            let weights_of = |rows: &Rows<'_>, bounds: &[f64; LANES]| -> [f32; LANES] {
                std::array::from_fn(|row| {
                    let open = rows.numbers.get(row).is_some() && bounds[row] <= 0.0;
                    if open { 1.0 } else { 0.0 }
                })
            };
            let recorded = record.is_some();
            let found: Vec<RowsFound> = rows
                .par_iter_mut()
                .map(|rows| {
                    with_workspace(|workspace| {
                        let errors = start_constraints(relaxed, workspace, &rows.constraints);
                        let output = self.program.output();
                        let bounds = workspace.lower_bounds(relaxed, output, Some(&rows.ascent.slopes), &[]);
                        let bounds: [f64; LANES] = std::array::from_fn(|row| bounds[row] - errors[row]);
                        workspace.trace(relaxed, output, Some(&rows.ascent.slopes), &[]);
                        let better = |(row, number): (usize, &usize)| {
                            (recorded && bounds[row] > best[*number])
                                .then(|| row_slopes(self, workspace, &rows.ascent.slopes, row))
                        };
                        let slopes = rows.numbers.iter().enumerate().map(better).collect();
                        let mut seeds = BlockSeeds::default();
                        let weights = weights_of(rows, &bounds);
                        rows.ascent.step(relaxed, workspace, &weights, rate, Some(&mut seeds));
                        (bounds[..rows.numbers.len()].to_vec(), seeds, slopes)
                    })
                })
                .collect();
            let mut seeds = Seeds::zero(relaxed);
            for (rows, (bounds, own, slopes)) in rows.iter().zip(found) {
                seeds.add(&own);
                for ((&number, bound), slopes) in rows.numbers.iter().zip(bounds).zip(slopes) {
                    if let (Some(record), Some(slopes)) = (record.as_deref_mut(), slopes) {
                        record.note_slopes(number, slopes);
                    }
                    if bound > best[number] || best[number].is_nan() {
                        best[number] = bound;
                    }
                }
            }
            let mut left = best.iter().copied();
            margins = specification.targets.iter().map(|t| left.by_ref().take(t.len()).collect()).collect();
            if proved(&margins) {
                break;
            }
            self.influence = Some(self.climb(&mut blocks, seeds, rate));
        }
        Ok(margins)
    }

    /// Blocks of all neurons whose sign is not known, with their first slopes. None if they need more memory.
    fn blocks(&self, workspace: &mut Workspace, memory: usize) -> Vec<Block> {
        let relaxed = self.relaxed();
        let mut blocks = Vec::new();
        let mut taken = 0;
        for node in 0..self.program.nodes.len() {
            let (Some((value, neurons)), Lines::Relu(_)) = (self.open_neurons(node), &self.lines[node]) else {
                continue;
            };
            for neurons in neurons.chunks(NEURONS) {
                start_neurons(self.program, workspace, value, neurons);
                let ascent = Ascent::new(relaxed, workspace);
                taken += 3 * 64 * ascent.slopes.iter().map(Vec::len).sum::<usize>();
                if taken > memory {
                    return Vec::new();
                }
                blocks.push(Block { node, value, neurons: neurons.to_vec(), ascent });
            }
        }
        blocks
    }

    /// Tightens all ranges with the blocks' slopes, node by node.
    fn tighten(&mut self, blocks: &mut [Block]) {
        let mut rest = blocks;
        for node in 0..self.program.nodes.len() {
            let count = rest.iter().take_while(|block| block.node == node).count();
            let (own, later) = rest.split_at_mut(count);
            rest = later;
            if !own.is_empty() {
                let relaxed = self.relaxed();
                let found: Vec<[f64; LANES]> = own
                    .par_iter()
                    .map(|block| {
                        with_workspace(|workspace| {
                            start_neurons(self.program, workspace, block.value, &block.neurons);
                            workspace.lower_bounds(relaxed, block.value, Some(&block.ascent.slopes), &[])
                        })
                    })
                    .collect();
                for (block, found) in own.iter().zip(&found) {
                    self.ranges.intersect(block.value, &block.neurons, found);
                }
                self.ranges.measure(own[0].value);
            }
            self.lines[node] = Lines::of(self.program, &self.ranges, node);
            self.ranges.step_within(self.program, node);
        }
    }

    /// Moves the blocks' slopes uphill, last node first, with the seeds of the nodes after them.
    fn climb(&self, blocks: &mut [Block], mut seeds: Seeds, rate: f32) -> Seeds {
        /// Blocks whose seeds are in memory at a time.
        const GROUP: usize = 32;
        let relaxed = self.relaxed();
        let mut rest = blocks;
        while let Some(node) = rest.last().map(|block| block.node) {
            let first = rest.iter().position(|block| block.node == node).unwrap_or(0);
            let (earlier, own) = rest.split_at_mut(first);
            rest = earlier;
            let [lower, upper] = seeds.0[node].clone();
            for group in own.chunks_mut(GROUP) {
                let found: Vec<Option<BlockSeeds>> = group
                    .par_iter_mut()
                    .map(|block| {
                        with_workspace(|workspace| {
                            let mut weights = [0.0; LANES];
                            for (k, &neuron) in block.neurons.iter().enumerate() {
                                weights[2 * k] = lower[neuron as usize];
                                weights[2 * k + 1] = -upper[neuron as usize];
                            }
                            if weights.iter().all(|&weight| weight == 0.0) {
                                return None;
                            }
                            start_neurons(self.program, workspace, block.value, &block.neurons);
                            workspace.lower_bounds(relaxed, block.value, Some(&block.ascent.slopes), &[]);
                            workspace.trace(relaxed, block.value, Some(&block.ascent.slopes), &[]);
                            let mut seeds = BlockSeeds::default();
                            block.ascent.step(relaxed, workspace, &weights, rate, Some(&mut seeds));
                            Some(seeds)
                        })
                    })
                    .collect();
                found.iter().flatten().for_each(|own| seeds.add(own));
            }
        }
        seeds
    }

    /// The unstable ReLU whose split moves the margins most, by the derivatives of the last optimisation with respect to the
    /// ends of its range: they include the effect on the ranges of all later neurons.
    pub(crate) fn most_influential(&self) -> Option<(u32, u32)> {
        let influence = self.influence.as_ref()?;
        let mut best = (0.0, None);
        for (node, (lines, [lower, upper])) in self.lines.iter().zip(&influence.0).enumerate() {
            let Lines::Relu(lines) = lines else { continue };
            let input = self.program.nodes[node].inputs[0];
            for &feature in &lines.unstable {
                let index = feature as usize;
                let (l, u) = (self.ranges.lower[input][index], self.ranges.upper[input][index]);
                let (active, inactive) = (-l * lower[index], -u * upper[index]);
                let score = active + inactive;
                if score > best.0 {
                    best = (score, Some((node as u32, feature)));
                }
            }
        }
        best.1
    }
}
