//! Squares of the L∞ ball: every pixel is at one end of its allowed range.

use super::picture::{Draws, Window};
use super::plan::Plan;
use minima_autodiff::Scalar;

/// The upper or lower end of a pixel's allowed range.
fn end<T: Scalar>(x: T, radius: T, up: bool) -> T {
    if up { (x + radius).min(T::one()) } else { (x - radius).max(T::zero()) }
}

/// Vertical stripes one pixel wide, with a random sign for each column and channel.
pub(super) fn start<T: Scalar>(plan: &Plan, mut draws: Draws, original: &[T], row: &mut [T]) {
    let radius = T::from_f64(plan.ball.epsilon());
    let stripes: Vec<bool> = (0..plan.picture.width * plan.picture.channels).map(|_| draws.coin()).collect();
    for ((a, &x), &up) in row.iter_mut().zip(original).zip(stripes.iter().cycle()) {
        *a = end(x, radius, up);
    }
}

/// A square at a random position with a random sign for each channel; `None` if it does not change the image.
pub(super) fn propose<T: Scalar>(
    plan: &Plan,
    side: usize,
    mut draws: Draws,
    original: &[T],
    row: &mut [T],
) -> Option<Window> {
    let radius = T::from_f64(plan.ball.epsilon());
    let window = plan.picture.square(side, &mut draws);
    let signs: Vec<bool> = (0..plan.picture.channels).map(|_| draws.coin()).collect();
    let mut changed = false;
    for span in plan.picture.spans(window) {
        if let (Some(row), Some(original)) = (row.get_mut(span.clone()), original.get(span)) {
            for ((a, &x), &up) in row.iter_mut().zip(original).zip(signs.iter().cycle()) {
                let moved = end(x, radius, up);
                changed |= moved != *a;
                *a = moved;
            }
        }
    }
    changed.then_some(window)
}
