//! Ranges of softmax: `1/S` with `S = 1 + Σ_{l ≠ k} e^(x_l − x_k)`.
//!
//! **Rounding.** With u = 2⁻²⁴ and D the largest possible difference of two entries, `e^(x_k − max)` has a relative error of at
//! most `(D + 3) u`, and the sum over n numbers, its inverse and the product add less than `n u` and `2 u`: together less than
//! `(2.01 D + n + 12) u` if that is small. A share is never negative and never above `1 + 4 u`, because a rounded sum of numbers that
//! are not negative is not below any of them.

use crate::rounding::{TINY, down, gamma64, up};

/// The features of the vectors of a value `(outer, size, inner)`: each starts at a feature and goes on by `inner`.
pub(crate) fn vectors([outer, size, inner]: [usize; 3]) -> impl Iterator<Item = usize> + Clone {
    (0..outer).flat_map(move |o| (0..inner).map(move |i| o * size * inner + i))
}

/// The largest share, with room for rounding.
const LARGEST_SHARE: f64 = 1.000_001;

/// The range of one share, and the ends of all differences.
pub(crate) struct Share {
    /// The ends of each difference. That of the entry itself is 0.
    pub(crate) differences: Vec<[f64; 2]>,
    /// The ends of the sum of exponentials.
    pub(crate) sum: [f64; 2],
    /// The error of the network's share.
    pub(crate) error: f64,
}

/// The ends of the entries of a vector. `None` if one is not finite.
pub(crate) fn ends(lower: &[f32], upper: &[f32], first: usize, [_, size, inner]: [usize; 3]) -> Option<Vec<[f64; 2]>> {
    let end = |k: usize| {
        let feature = first + k * inner;
        let (l, u) = (lower[feature], upper[feature]);
        (l.is_finite() && u.is_finite()).then_some([f64::from(l), f64::from(u)])
    };
    (0..size).map(end).collect()
}

impl Share {
    pub(crate) fn new(ends: &[[f64; 2]], k: usize, spread: f64, rounding: f64) -> Self {
        let [low, high] = ends[k];
        let difference = |(l, &[from, to]): (usize, &[f64; 2])| if l == k { [0.0; 2] } else { [from - high, to - low] };
        let differences: Vec<[f64; 2]> = ends.iter().enumerate().map(difference).collect();
        let side = |end: usize| differences.iter().map(|d| d[end].exp()).sum::<f64>();
        // Differences are rounded too, which costs an exponential up to 709 units of rounding.
        let room = 1e-12 + gamma64(ends.len());
        let sum = [(side(0) * (1.0 - room)).max(1.0), side(1) * (1.0 + room)];
        let relative = (2.01 * spread + ends.len() as f64 + 12.0) / 16_777_216.0;
        // The argument holds for small errors.
        let error = if relative < 1e-2 { relative * 1.02 / sum[0] + TINY } else { 1.0 };
        Self { differences, sum, error: rounding * error }
    }

    /// The ends of the share.
    pub(crate) fn range(&self) -> [f64; 2] {
        let [least, most] = [1.0 / self.sum[1], 1.0 / self.sum[0]];
        let (low, high) = (least * (1.0 - 1e-12) - self.error, most * (1.0 + 1e-12) + self.error);
        [low.max(0.0), high.min(LARGEST_SHARE)]
    }
}

/// The largest difference of two entries.
pub(crate) fn spread(ends: &[[f64; 2]]) -> f64 {
    let most = ends.iter().map(|end| end[1]).fold(f64::NEG_INFINITY, f64::max);
    most - ends.iter().map(|end| end[0]).fold(f64::INFINITY, f64::min)
}

/// The range of each output of one vector, or `None` if an entry is not finite.
pub(crate) fn shares(
    lower: &[f32],
    upper: &[f32],
    first: usize,
    shape: [usize; 3],
    rounding: f64,
) -> Option<Vec<[f32; 2]>> {
    let ends = ends(lower, upper, first, shape)?;
    let spread = spread(&ends);
    let range = |k: usize| {
        let [low, high] = Share::new(&ends, k, spread, rounding).range();
        [down(low), up(high)]
    };
    Some((0..ends.len()).map(range).collect())
}
