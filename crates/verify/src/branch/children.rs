//! Bounds of a block of domains, with slopes and multipliers optimised together.

use super::domain::{Domain, load_slopes, store_slopes};
use super::problem::Problem;
use super::score::find_candidates;
use crate::ascent::Ascent;
use crate::backward::{Relaxed, Split, Workspace};
use crate::lane::LANES;

/// The moments of a multiplier's derivatives.
#[derive(Clone, Copy, Default)]
struct Moments {
    first: f32,
    second: f32,
    scale: f32,
}

/// The steps of one bounding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps {
    pub(crate) iterations: usize,
    pub(crate) slope_rate: f32,
    pub(crate) multiplier_rate: f32,
    pub(crate) decay: f32,
    /// Steps after these, whose length follows from the distance to a positive bound.
    pub(crate) polyak: usize,
}

/// The part of the first bound's distance from 0 that steps by Polyak's rule aim above 0 at first.
const BEYOND: f64 = 0.1;
/// The number of steps after which they aim half as far.
const HALVED_AFTER: usize = 40;

/// Bounds up to 16 domains, which keep their best bounds, slopes, multipliers and candidates. Returns the point that each
/// bound is attained at.
pub(crate) fn bound_domains(
    problem: &Problem<'_>,
    workspace: &mut Workspace,
    ascent: &mut Ascent,
    domains: &mut [Domain],
    steps: Steps,
) -> Vec<Vec<f32>> {
    let relaxed = problem.relaxed;
    load_slopes(relaxed.lines, domains.iter(), &mut ascent.slopes);
    ascent.restart();
    let mut splits: Vec<Split> = Vec::new();
    for (row, domain) in domains.iter().enumerate() {
        splits.extend(domain.assumptions.iter().map(|assumption| assumption.split(row)));
    }
    let mut moments = vec![Moments::default(); splits.len()];
    let targets: Vec<usize> = domains.iter().map(|domain| domain.target).collect();
    let output = relaxed.program.output();
    let last = steps.iterations + steps.polyak;
    let mut aims = [0.0; LANES];
    for iteration in 0..=last {
        let bounds = problem.bounds(workspace, &targets, &ascent.slopes, &splits);
        workspace.trace(relaxed, output, Some(&ascent.slopes), &splits);
        let mut weights = [0.0; LANES];
        for (row, domain) in domains.iter_mut().enumerate() {
            if bounds[row] > domain.bound || iteration == 0 {
                domain.bound = if domain.bound > bounds[row] { domain.bound } else { bounds[row] };
                store_slopes(relaxed.lines, &ascent.slopes, row, domain);
                let own = splits.iter().filter(|split| split.row == row);
                for (assumption, split) in domain.assumptions.iter_mut().zip(own) {
                    assumption.multiplier = split.multiplier;
                }
            }
            weights[row] = if domain.bound > 0.0 { 0.0 } else { 1.0 };
        }
        if iteration == last || weights.iter().all(|&weight| weight == 0.0) {
            break;
        }
        if iteration >= steps.iterations {
            let taken = iteration - steps.iterations;
            if taken == 0 {
                aims = bounds.map(|bound| BEYOND * bound.min(0.0).abs());
            } else if taken.is_multiple_of(HALVED_AFTER) {
                aims.iter_mut().for_each(|aim| *aim *= 0.5);
            }
            polyak(relaxed, workspace, &mut splits, &bounds, &aims);
            continue;
        }
        let decay = steps.decay.powi(iteration as i32);
        for (split, moments) in splits.iter_mut().zip(&mut moments) {
            let input = relaxed.program.nodes[split.node].inputs[0];
            let z = workspace.points[input][split.feature].0[split.row];
            let a = workspace.coefficients[split.node + 1][split.feature].0[split.row];
            moments.step(split, -split.sign() * z, a.abs(), iteration, steps.multiplier_rate * decay);
        }
        ascent.step(relaxed, workspace, &weights, steps.slope_rate * decay, None);
    }
    let mut rows: Vec<&mut Domain> = domains.iter_mut().collect();
    find_candidates(relaxed, workspace, &mut rows);
    (0..rows.len()).map(|row| workspace.points[0].iter().map(|lane| lane.0[row]).collect()).collect()
}

/// One step of the multipliers along the derivatives of each row's bound, as long as a linear bound needs to reach an aim above 0.
///
/// Polyak, "Minimization of unsmooth functionals", 1969. Near the optimum it is more exact than Adam, whose steps only shrink with time.
fn polyak(
    relaxed: Relaxed<'_>,
    workspace: &Workspace,
    splits: &mut [Split],
    bounds: &[f64; LANES],
    aims: &[f64; LANES],
) {
    let derivative = |split: &Split| {
        let input = relaxed.program.nodes[split.node].inputs[0];
        let slope = f64::from(-split.sign() * workspace.points[input][split.feature].0[split.row]);
        // A multiplier of 0 stays 0 where the bound falls with it.
        if split.multiplier <= 0.0 && slope < 0.0 { 0.0 } else { slope }
    };
    let mut squares = [0.0; LANES];
    splits.iter().for_each(|split| squares[split.row] += derivative(split).powi(2));
    for split in splits {
        let (bound, aim) = (bounds[split.row], aims[split.row]);
        let step = (aim - bound).max(0.0) / squares[split.row];
        let moved = f64::from(split.multiplier) + step * derivative(split);
        if moved.is_finite() {
            split.multiplier = moved.max(0.0) as f32;
        }
    }
}

impl Moments {
    /// One step of Adam, whose size is in proportion to the coefficient of the ReLU.
    fn step(&mut self, split: &mut Split, derivative: f32, size: f32, iteration: usize, rate: f32) {
        self.first = 0.9 * self.first + 0.1 * derivative;
        self.second = 0.999 * self.second + 0.001 * derivative * derivative;
        self.scale = self.scale.max(size).max(split.multiplier * 0.5).max(1e-4);
        let count = iteration as i32 + 1;
        let (first, second) = (self.first / (1.0 - 0.9_f32.powi(count)), self.second / (1.0 - 0.999_f32.powi(count)));
        let change = rate * self.scale * first / (second.sqrt() + 1e-15);
        split.multiplier = (split.multiplier + change).max(0.0);
        if !split.multiplier.is_finite() {
            split.multiplier = 0.0;
        }
    }
}
