//! Sums of a target's inequalities with multipliers.
//!
//! All inequalities `aᵢ · y ≤ bᵢ` of a target hold only if `Σ λᵢ aᵢ · y ≤ Σ λᵢ bᵢ` holds, for any λ ≥ 0. So a positive bound of
//! `Σ λᵢ (aᵢ · y − bᵢ)` excludes the target, also where none of its inequalities is excluded alone. The bound is concave in λ, and its
//! derivative is the margin of each inequality at the point that the bound is attained at.

use crate::ascent::Ascent;
use crate::backward::Workspace;
use crate::crown::{Bounds, start_constraints};
use crate::lane::LANES;
use crate::proof::row_slopes;
use crate::rounding::gamma64;
use crate::specification::LinearConstraint;

/// A sum of inequalities.
#[derive(Clone, Debug)]
pub(crate) struct Combination {
    /// The multipliers λ.
    pub(crate) weights: Vec<f64>,
    /// The sum.
    pub(crate) constraint: LinearConstraint,
    /// Its bound.
    pub(crate) margin: f64,
    /// The slopes of all open ReLUs that gave the bound.
    pub(crate) slopes: Vec<f32>,
}

/// Steps of the multipliers and of the slopes.
const STEPS: usize = 40;
/// The first step of a slope.
const SLOPE_RATE: f32 = 0.2;
/// The factor of a slope's step from one iteration to the next.
const SLOPE_DECAY: f32 = 0.95;
/// The first step of a multiplier's logarithm.
const RATE: f64 = 1.0;

/// The sum of inequalities. Its bound has room for the rounding of the sum, for outputs of these sizes.
fn sum(target: &[LinearConstraint], weights: &[f64], sizes: &[f32]) -> LinearConstraint {
    let mut coefficients = vec![0.0; sizes.len()];
    let mut totals = vec![0.0; sizes.len()];
    let (mut bound, mut magnitude) = (0.0, 0.0);
    for (constraint, &weight) in target.iter().zip(weights) {
        for ((sum, total), &a) in coefficients.iter_mut().zip(&mut totals).zip(&constraint.coefficients) {
            *sum += weight * a;
            *total += (weight * a).abs();
        }
        bound += weight * constraint.bound;
        magnitude += (weight * constraint.bound).abs();
    }
    let room = gamma64(target.len());
    // An output that no inequality reads may be infinite.
    let products = totals.iter().zip(sizes).filter(|(total, _)| **total != 0.0);
    let lost = products.map(|(total, &size)| total * f64::from(size)).sum::<f64>() + magnitude;
    LinearConstraint { coefficients, bound: bound + 2.0 * room * lost }
}

/// Multipliers whose sum is 1.
fn normalised(mut weights: Vec<f64>) -> Vec<f64> {
    let total: f64 = weights.iter().sum();
    if total > 0.0 && total.is_finite() {
        weights.iter_mut().for_each(|weight| *weight /= total);
    }
    weights
}

/// The sum of a target's inequalities with the best bound that was found, on these ranges. `None` if the target has fewer than two.
pub(crate) fn best_combination(
    bounds: &Bounds<'_>,
    target: &[LinearConstraint],
    stop: &(dyn Fn() -> bool + Sync),
) -> Option<Combination> {
    if target.len() < 2 {
        return None;
    }
    let relaxed = bounds.relaxed();
    let output = bounds.program.output();
    let sizes = &bounds.ranges.size[output];
    // Each row has a start of its own: all inequalities alike, and more of one of them.
    let starts = 1 + target.len().min(LANES - 1);
    let start = |row: usize| {
        let weight = |k: usize| if row == k + 1 { target.len() as f64 * 2.0 } else { 1.0 };
        normalised((0..target.len()).map(weight).collect())
    };
    let mut weights: Vec<Vec<f64>> = (0..starts).map(start).collect();
    let mut workspace = Workspace::default();
    let mut ascent: Option<Ascent> = None;
    let mut best: Option<Combination> = None;
    for step in 0..STEPS {
        if stop() {
            break;
        }
        let sums: Vec<LinearConstraint> = weights.iter().map(|weights| sum(target, weights, sizes)).collect();
        let errors = start_constraints(relaxed, &mut workspace, &sums.iter().collect::<Vec<_>>());
        let ascent = ascent.get_or_insert_with(|| Ascent::new(relaxed, &workspace));
        let found = workspace.lower_bounds(relaxed, output, Some(&ascent.slopes), &[]);
        workspace.trace(relaxed, output, Some(&ascent.slopes), &[]);
        for (row, constraint) in sums.iter().enumerate() {
            let margin = found[row] - errors[row];
            if !margin.is_nan() && best.as_ref().is_none_or(|best| margin > best.margin) {
                let slopes = row_slopes(bounds, &workspace, &ascent.slopes, row);
                best =
                    Some(Combination { weights: weights[row].clone(), constraint: constraint.clone(), margin, slopes });
            }
        }
        if best.as_ref().is_some_and(|best| best.margin > 0.0) {
            break;
        }
        let rate = RATE / (1.0 + step as f64).sqrt();
        for (row, weights) in weights.iter_mut().enumerate() {
            let outputs: Vec<f32> = workspace.points[output].iter().map(|lane| lane.0[row]).collect();
            let margins: Vec<f64> = target.iter().map(|constraint| constraint.margin(&outputs)).collect();
            let largest = margins.iter().fold(0.0_f64, |most, margin| most.max(margin.abs()));
            if largest > 0.0 && largest.is_finite() {
                let moved =
                    weights.iter().zip(&margins).map(|(weight, margin)| weight * (rate * margin / largest).exp());
                *weights = normalised(moved.collect());
            }
        }
        ascent.step(relaxed, &workspace, &[1.0; LANES], SLOPE_RATE * SLOPE_DECAY.powi(step as i32), None);
    }
    best
}
