//! Bounds of a block of domains, with slopes and multipliers optimised together.

use super::domain::{Domain, load_slopes, store_slopes};
use super::problem::Problem;
use super::score::find_candidates;
use crate::ascent::Ascent;
use crate::backward::{Split, Workspace};
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
}

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
    for iteration in 0..=steps.iterations {
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
        if iteration == steps.iterations || weights.iter().all(|&weight| weight == 0.0) {
            break;
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
