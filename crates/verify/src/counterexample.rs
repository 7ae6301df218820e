//! Counterexamples: points of the input set whose outputs meet a target, by the network's own forward pass.

use crate::InputSet;
use crate::program::Program;
use crate::specification::{LinearConstraint, Specification};
use ndarray::{Array2, ArrayView2};

/// A point of the input set with the target that its outputs meet.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    /// The point.
    pub input: Vec<f32>,
    /// The network's outputs there.
    pub output: Vec<f32>,
    /// The target.
    pub target: usize,
}

/// Points of one forward pass.
const BATCH: usize = 128;

/// The first of some points that is a counterexample. Points are moved into the box first.
pub(crate) fn first_witness(
    program: &Program,
    input: &InputSet,
    specification: &Specification,
    points: &[Vec<f32>],
) -> Option<Witness> {
    for batch in points.chunks(BATCH) {
        let mut rows = Array2::zeros((batch.len(), input.len()));
        for (mut row, point) in rows.outer_iter_mut().zip(batch) {
            for ((to, &x), (&low, &high)) in row.iter_mut().zip(point).zip(input.lower.iter().zip(&input.upper)) {
                *to = if x.is_nan() { low } else { x.clamp(low, high) };
            }
        }
        let found = check(program, input, specification, rows.view());
        if found.is_some() {
            return found;
        }
    }
    None
}

fn check(
    program: &Program,
    input: &InputSet,
    specification: &Specification,
    points: ArrayView2<'_, f32>,
) -> Option<Witness> {
    let outputs = program.evaluate(points).ok()?;
    points.outer_iter().zip(outputs.outer_iter()).find_map(|(point, output)| {
        let (point, output) = (point.to_vec(), output.to_vec());
        let target = specification.violated(&output)?;
        input.contains(&point).then_some(Witness { input: point, output, target })
    })
}

/// Descends the margins of targets from a few points of the set each, along the signs of gradients (Madry et al. 2018).
pub(crate) fn descend(
    program: &Program,
    input: &InputSet,
    specification: &Specification,
    targets: &[usize],
    steps: usize,
    stop: &dyn Fn() -> bool,
) -> Option<Witness> {
    /// Starting points of a target: the centre, and random points.
    const STARTS: usize = 8;
    let rows: Vec<usize> = targets.iter().flat_map(|&target| [target; STARTS]).collect();
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let points = Array2::from_shape_fn((rows.len(), input.len()), |(row, i)| {
        let share = if row % STARTS == 0 { 0.5 } else { uniform(&mut state) };
        input.lower[i] + share * (input.upper[i] - input.lower[i])
    });
    descend_from(program, input, specification, (points, &rows), (steps, 0.5), stop)
}

/// Descends the margins from some points, each towards the target that its outputs are nearest to.
pub(crate) fn descend_nearby(
    program: &Program,
    input: &InputSet,
    specification: &Specification,
    points: &[Vec<f32>],
    steps: usize,
) -> Option<Witness> {
    let points = Array2::from_shape_fn((points.len(), input.len()), |(row, i)| points[row][i]);
    let outputs = program.evaluate(points.view()).ok()?;
    let nearest = |outputs: &[f32]| {
        let margin = |target: &usize| worst_margin(&specification.targets[*target], outputs);
        (0..specification.targets.len()).min_by(|a, b| margin(a).total_cmp(&margin(b))).unwrap_or(0)
    };
    let rows: Vec<usize> = outputs.outer_iter().map(|outputs| nearest(&outputs.to_vec())).collect();
    descend_from(program, input, specification, (points, &rows), (steps, 0.1), &|| false)
}

/// The largest margin of a target's inequalities: the target is met if it is not positive.
fn worst_margin(target: &[LinearConstraint], outputs: &[f32]) -> f64 {
    target.iter().map(|constraint| constraint.margin(outputs)).fold(f64::NEG_INFINITY, f64::max)
}

/// Descends from points with a target each. The first step is a share of the box.
fn descend_from(
    program: &Program,
    input: &InputSet,
    specification: &Specification,
    (mut points, rows): (Array2<f32>, &[usize]),
    (steps, first): (usize, f32),
    stop: &dyn Fn() -> bool,
) -> Option<Witness> {
    if rows.is_empty() || specification.targets.is_empty() {
        return None;
    }
    for step in 0..=steps {
        points.outer_iter_mut().for_each(|mut row| {
            if let Some(row) = row.as_slice_mut() {
                pull_in(input, row);
            }
        });
        let found = check(program, input, specification, points.view());
        if found.is_some() || step == steps || stop() {
            return found;
        }
        let weights = |row: usize, outputs: &[f32], to: &mut [f32]| {
            let target = &specification.targets[rows[row]];
            let worst = target.iter().max_by(|a, b| a.margin(outputs).total_cmp(&b.margin(outputs)));
            if let Some(constraint) = worst {
                to.iter_mut().zip(&constraint.coefficients).for_each(|(to, &a)| *to = a as f32);
            }
        };
        let (_, gradients) = program.gradients(points.view(), &weights).ok()?;
        let share = first * (1.0 - step as f32 / steps as f32) + 0.04 * first;
        for (mut point, gradient) in points.outer_iter_mut().zip(gradients.outer_iter()) {
            for (i, (x, &g)) in point.iter_mut().zip(gradient).enumerate() {
                let (low, high) = (input.lower[i], input.upper[i]);
                if g != 0.0 {
                    *x = (*x - share * (high - low) * g.signum()).clamp(low, high);
                }
            }
        }
    }
    None
}

/// Moves a point of the box into the L2 ball, if the set has one.
fn pull_in(input: &InputSet, point: &mut [f32]) {
    let Some(ball) = &input.ball else { return };
    let square = |(x, c): (&f32, &f32)| (f64::from(*x) - f64::from(*c)).powi(2);
    let distance = point.iter().zip(&ball.centre).map(square).sum::<f64>().sqrt();
    if distance > ball.radius {
        let share = ball.radius / distance * (1.0 - 1e-6);
        for (x, &c) in point.iter_mut().zip(&ball.centre) {
            *x = (f64::from(c) + share * (f64::from(*x) - f64::from(c))) as f32;
        }
    }
}

/// A number from 0 to 1 (SplitMix64, Steele et al. 2014).
fn uniform(state: &mut u64) -> f32 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 40) as f32 / (1_u64 << 24) as f32
}
