//! Squares of the L2 ball: a change moves perturbation norm from one window to another.

use super::Plan;
use super::picture::{Draws, Picture, Window};
use minima_autodiff::Scalar;

/// Keeps divisors above zero.
const TINY: f64 = 1e-12;

/// The shape of a change, of norm 1: a square whose upper half is a bump and whose lower half is a negative bump, each
/// decreasing from its centre (eq. 2 of the paper).
pub(super) struct Bumps {
    pub side: usize,
    upright: Vec<f64>,
}

impl Bumps {
    pub fn new(side: usize) -> Self {
        let upper = side / 2;
        let (bump, hollow) = (bump(upper, side), bump(side - upper, side));
        let upright: Vec<f64> = bump.into_iter().chain(hollow.into_iter().map(|v| -v)).collect();
        let length = length(upright.iter().copied());
        Self { side, upright: upright.iter().map(|v| v / (length + TINY)).collect() }
    }

    /// The value at a row and a column of the shape, or of the transposed shape.
    fn at(&self, row: usize, column: usize, on_its_side: bool) -> f64 {
        let place = if on_its_side { column * self.side + row } else { row * self.side + column };
        self.upright.get(place).copied().unwrap_or(0.0)
    }
}

/// A bump with this many rows and columns, row by row, of norm 1. Its value at distance d (the larger coordinate) from
/// the centre is the sum of `1 / (k + 1)²` over k from d to the largest d.
fn bump(rows: usize, columns: usize) -> Vec<f64> {
    let furthest = (rows / 2).max(columns / 2);
    let value = |d: usize| (d..=furthest).map(|k| ((k + 1) as f64).powi(-2)).sum::<f64>();
    let values: Vec<f64> = (0..rows * columns)
        .map(|i| value((i / columns).abs_diff(rows / 2).max((i % columns).abs_diff(columns / 2))))
        .collect();
    let length = length(values.iter().copied());
    values.iter().map(|v| v / (length + TINY)).collect()
}

fn length(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.map(|v| v * v).sum::<f64>().sqrt()
}

/// A grid of five by five bumps with random signs, on the surface of the ball.
pub(super) fn start<T: Scalar>(plan: &Plan, mut draws: Draws, original: &[T], row: &mut [T]) {
    let picture = plan.picture;
    let side = (picture.height.min(picture.width) / 5).max(1);
    let bumps = Bumps::new(side);
    let mut delta = vec![0.0; original.len()];
    let margin = |extent: usize| (extent % side) / 2;
    for top in (margin(picture.height)..picture.height + 1 - side).step_by(side) {
        for left in (margin(picture.width)..picture.width + 1 - side).step_by(side) {
            let on_its_side = draws.coin();
            for channel in 0..picture.channels {
                let sign = if draws.coin() { 1.0 } else { -1.0 };
                let window = Window { top, left, height: side, width: side };
                each(picture, window, channel, &mut delta, |r, c, d| *d = sign * bumps.at(r, c, on_its_side));
            }
        }
    }
    write(plan, &delta, original, row);
}

/// Moves the perturbation norm of one window to another window, and adds a bump there.
pub(super) fn propose<T: Scalar>(
    plan: &Plan,
    halvings: usize,
    mut draws: Draws,
    original: &[T],
    best: &[T],
    row: &mut [T],
) -> Option<Window> {
    let picture = plan.picture;
    let bumps = plan.bumps.get(halvings)?;
    let to = picture.square(bumps.side, &mut draws);
    let from = picture.square(bumps.side, &mut draws);
    let on_its_side = draws.coin();
    let mut delta: Vec<f64> = best.iter().zip(original).map(|(a, x)| a.as_f64() - x.as_f64()).collect();
    let unused = (plan.ball.epsilon().powi(2) - delta.iter().map(|d| d * d).sum::<f64>()).max(0.0);
    for channel in 0..picture.channels {
        let sign = if draws.coin() { 1.0 } else { -1.0 };
        let (mut there, mut moved) = (0.0, 0.0);
        each(picture, to, channel, &mut delta, |_, _, d| there += *d * *d);
        // Counts each pixel of the two windows once: the sum over `from` sees zeros where the windows overlap.
        let mut shape = Vec::with_capacity(bumps.side * bumps.side);
        each(picture, to, channel, &mut delta, |r, c, d| {
            shape.push(sign * bumps.at(r, c, on_its_side) + *d / (TINY + there.sqrt()));
            *d = 0.0;
        });
        each(picture, from, channel, &mut delta, |_, _, d| moved += std::mem::take(d).powi(2));
        let scale = (unused / picture.channels as f64 + there + moved).sqrt() / (TINY + length(shape.iter().copied()));
        let mut shape = shape.into_iter();
        each(picture, to, channel, &mut delta, |_, _, d| *d = shape.next().unwrap_or(0.0) * scale);
    }
    write(plan, &delta, original, row);
    Some(picture.whole())
}

/// Calls `visit` with the row and column in the window and the value there, for one channel.
fn each(
    picture: Picture,
    window: Window,
    channel: usize,
    delta: &mut [f64],
    mut visit: impl FnMut(usize, usize, &mut f64),
) {
    for (r, span) in picture.spans(window).enumerate() {
        let numbers = delta.get_mut(span).unwrap_or(&mut []).iter_mut();
        for (c, d) in numbers.skip(channel).step_by(picture.channels).enumerate() {
            visit(r, c, d);
        }
    }
}

/// Moves the original along the perturbation to the surface of the ball, then clips to [0, 1].
fn write<T: Scalar>(plan: &Plan, delta: &[f64], original: &[T], row: &mut [T]) {
    let scale = plan.ball.epsilon() / (TINY + length(delta.iter().copied()));
    for ((a, x), d) in row.iter_mut().zip(original).zip(delta) {
        *a = T::from_f64((x.as_f64() + scale * d).clamp(0.0, 1.0));
    }
    plan.ball.project(original, row);
}
