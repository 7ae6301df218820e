//! Steps of Adam on the slopes below ReLUs, with the closed-form derivatives of bounds.
//!
//! The bound of a row is `c + min A x`, and each step of its backward pass is linear in the slope of one line. So the
//! derivative with respect to the slope α of a ReLU with coefficient `a ≥ 0` is `a z`, with z the value of the ReLU's
//! input at the point that the bound is attained at ([`Workspace::trace`]). With `a < 0`, the line above depends on the
//! ends of the input's range, whose derivatives are the seeds of the passes that bound those ends.

use crate::backward::{Relaxed, Slopes, Workspace, region_len};
use crate::lane::{LANES, Lane};
use crate::program::Operation;
use crate::relaxation::Lines;
use crate::simd::{VectorKernel, part, parts, set_part, vectorize};
use pulp::Simd;

/// Slopes of a block of rows, with the moments of their derivatives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ascent {
    pub(crate) slopes: Slopes,
    first: Slopes,
    second: Slopes,
    steps: i32,
}

/// Derivatives with respect to the ends of ranges: for each node, the lower and the upper end of each input.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seeds(pub(crate) Vec<[Vec<f32>; 2]>);

impl Seeds {
    /// Zeros for every ReLU.
    pub(crate) fn zero(relaxed: Relaxed<'_>) -> Self {
        let zeros =
            |lines: &Lines| if let Lines::Relu(lines) = lines { vec![0.0; lines.least.len()] } else { Vec::new() };
        Self(relaxed.lines.iter().map(|lines| [zeros(lines), zeros(lines)]).collect())
    }

    /// Adds the seeds of a block.
    pub(crate) fn add(&mut self, block: &BlockSeeds) {
        for RunSeeds { node, first, ends } in &block.0 {
            for (own, other) in self.0[*node].iter_mut().zip(ends) {
                own[*first..].iter_mut().zip(other).for_each(|(own, other)| *own += other);
            }
        }
    }
}

/// The seeds of one block of rows, which touch only its regions.
#[derive(Clone, Debug, Default)]
pub(crate) struct BlockSeeds(Vec<RunSeeds>);

/// Seeds of a run of features of one node.
#[derive(Clone, Debug)]
struct RunSeeds {
    node: usize,
    first: usize,
    ends: [Vec<f32>; 2],
}

const FIRST_DECAY: f32 = 0.9;
const SECOND_DECAY: f32 = 0.999;

impl Ascent {
    /// The adaptive slopes, for a pass that was started in a workspace.
    pub(crate) fn new(relaxed: Relaxed<'_>, workspace: &Workspace) -> Self {
        let program = relaxed.program;
        let mut slopes = Slopes::new();
        for (node, lines) in relaxed.lines.iter().enumerate() {
            let value = node + 1;
            let region = workspace.regions.get(value).copied().flatten();
            slopes.push(match (lines, region) {
                (Lines::Relu(lines), Some(region)) => {
                    let features = region.runs(program.values[value]).flatten();
                    features.map(|feature| Lane::splat(lines.adaptive[feature])).collect()
                }
                _ => Vec::new(),
            });
            debug_assert!(slopes[node].is_empty() || slopes[node].len() == region_len(program, value, region));
        }
        Self::of_slopes(slopes)
    }

    /// Slopes that have not moved yet.
    pub(crate) fn of_slopes(slopes: Slopes) -> Self {
        let zeros: Slopes = slopes.iter().map(|lanes| vec![Lane::ZERO; lanes.len()]).collect();
        Self { slopes, first: zeros.clone(), second: zeros, steps: 0 }
    }

    /// Forgets the moments, which get the sizes of the slopes.
    pub(crate) fn restart(&mut self) {
        for moments in [&mut self.first, &mut self.second] {
            moments.resize(self.slopes.len(), Vec::new());
            for (moments, slopes) in moments.iter_mut().zip(&self.slopes) {
                moments.clear();
                moments.resize(slopes.len(), Lane::ZERO);
            }
        }
        self.steps = 0;
    }

    /// Moves the slopes uphill, for rows whose derivatives have these weights, after a backward pass and its trace. Adds
    /// the derivatives with respect to ranges to the seeds.
    pub(crate) fn step(
        &mut self,
        relaxed: Relaxed<'_>,
        workspace: &Workspace,
        weights: &[f32; LANES],
        rate: f32,
        mut seeds: Option<&mut BlockSeeds>,
    ) {
        let program = relaxed.program;
        self.steps += 1;
        let corrections = [1.0 - FIRST_DECAY.powi(self.steps), 1.0 - SECOND_DECAY.powi(self.steps)];
        for (node, lines) in relaxed.lines.iter().enumerate() {
            let (Lines::Relu(lines), value) = (lines, node + 1) else { continue };
            let Some(region) = workspace.regions.get(value).copied().flatten() else { continue };
            let input = program.nodes[node].inputs[0];
            let slope = if let Operation::Relu { slope } = program.nodes[node].operation { slope } else { 0.0 };
            let mut offset = 0;
            for run in region.runs(program.values[value]) {
                let local = offset..offset + run.len();
                offset = local.end;
                let mut ends =
                    if seeds.is_some() { [vec![0.0; run.len()], vec![0.0; run.len()]] } else { Default::default() };
                let [lower, upper] = &mut ends;
                vectorize(Move {
                    coefficients: &workspace.coefficients[value][run.clone()],
                    points: &workspace.points[input][run.clone()],
                    slopes: &mut self.slopes[node][local.clone()],
                    first: &mut self.first[node][local.clone()],
                    second: &mut self.second[node][local],
                    range: [&lines.least[run.clone()], &lines.most[run.clone()]],
                    ends: [&relaxed.ranges.lower[input][run.clone()], &relaxed.ranges.upper[input][run.clone()]],
                    slope,
                    weights,
                    rate: rate / corrections[0],
                    correction: 1.0 / corrections[1],
                    seeds: seeds.is_some().then_some([lower, upper]),
                });
                if let Some(seeds) = &mut seeds {
                    seeds.0.push(RunSeeds { node, first: run.start, ends });
                }
            }
        }
    }
}

/// One step on the slopes of a run of ReLUs.
struct Move<'a> {
    coefficients: &'a [Lane],
    points: &'a [Lane],
    slopes: &'a mut [Lane],
    first: &'a mut [Lane],
    second: &'a mut [Lane],
    /// The least and the largest slopes.
    range: [&'a [f32]; 2],
    /// The ends of the ranges of the inputs.
    ends: [&'a [f32]; 2],
    /// The slope for negative inputs.
    slope: f32,
    weights: &'a [f32; LANES],
    rate: f32,
    correction: f32,
    seeds: Option<[&'a mut [f32]; 2]>,
}

impl VectorKernel for Move<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { coefficients, points, slopes, first, second, range: [least, most], ends, slope, weights, .. } = self;
        let (rate, correction) = (simd.splat_f32s(self.rate), simd.splat_f32s(self.correction));
        let weights = Lane(*weights);
        let zero = simd.splat_f32s(0.0);
        let mut seeds = self.seeds;
        for i in 0..coefficients.len() {
            if least[i] >= most[i] {
                continue;
            }
            let (l, u) = (ends[0][i], ends[1][i]);
            let width = (u - l).max(f32::MIN_POSITIVE);
            // The change of the line's slope with each end, and its excess over the slope for negative inputs.
            let (by_lower, by_upper) = ((1.0 - slope) * (u / width) / width, (1.0 - slope) * (-l / width) / width);
            let excess = (1.0 - slope) * u / width;
            let mut sums = [Lane::ZERO; 2];
            for half in 0..parts::<S>() {
                let a = simd.mul_f32s(part::<S>(&coefficients[i], half), part::<S>(&weights, half));
                let z = part::<S>(&points[i], half);
                let (positive, negative) = (simd.max_f32s(a, zero), simd.min_f32s(a, zero));
                let derivative = simd.mul_f32s(positive, z);
                let decay = simd.splat_f32s(FIRST_DECAY);
                let m = simd.mul_f32s(derivative, simd.splat_f32s(1.0 - FIRST_DECAY));
                let m = simd.mul_add_f32s(part::<S>(&first[i], half), decay, m);
                let square = simd.mul_f32s(derivative, derivative);
                let v = simd.mul_f32s(square, simd.splat_f32s(1.0 - SECOND_DECAY));
                let v = simd.mul_add_f32s(part::<S>(&second[i], half), simd.splat_f32s(SECOND_DECAY), v);
                let size = simd.add_f32s(simd.sqrt_f32s(simd.mul_f32s(v, correction)), simd.splat_f32s(1e-15));
                let change = simd.div_f32s(simd.mul_f32s(m, rate), size);
                let moved = simd.add_f32s(part::<S>(&slopes[i], half), change);
                let moved = simd.min_f32s(simd.max_f32s(moved, simd.splat_f32s(least[i])), simd.splat_f32s(most[i]));
                set_part::<S>(&mut first[i], half, m);
                set_part::<S>(&mut second[i], half, v);
                set_part::<S>(&mut slopes[i], half, moved);
                if seeds.is_some() {
                    let beyond = simd.mul_f32s(negative, simd.sub_f32s(z, simd.splat_f32s(l)));
                    let lower = simd.mul_f32s(beyond, simd.splat_f32s(by_lower));
                    let lower = simd.sub_f32s(lower, simd.mul_f32s(negative, simd.splat_f32s(excess)));
                    set_part::<S>(&mut sums[0], half, lower);
                    set_part::<S>(&mut sums[1], half, simd.mul_f32s(beyond, simd.splat_f32s(by_upper)));
                }
            }
            if let Some([lower, upper]) = &mut seeds {
                lower[i] += sums[0].0.iter().sum::<f32>();
                upper[i] += sums[1].0.iter().sum::<f32>();
            }
        }
    }
}
