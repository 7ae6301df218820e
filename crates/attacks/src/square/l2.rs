//! Squares of the L2 ball: a change moves perturbation norm from one window to another.

use super::bumps::{Bumps, TINY, length};
use super::picture::{Draws, Picture, Window};
use super::plan::Plan;
use minima_autodiff::Scalar;

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
