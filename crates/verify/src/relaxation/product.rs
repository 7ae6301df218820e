//! Planes below and above products of matrices.
//!
//! For any slopes P of a and Q of b, `s a b = P a + Q b − P Q / s + s (a − Q/s)(b − P/s)`. With P and Q in the middle of the
//! ranges of `s b` and `s a`, the last term is at most s times the product of the radii. This is the mean of the two planes
//! below, and of the two planes above, of McCormick, "Computability of global solutions to factorable nonconvex programs",
//! 1976. A sum of products has the sum of their planes.

use crate::interval::Ranges;
use crate::program::Product;
use crate::rounding::{CHUNK, TINY, gamma, gamma64, up};

/// Planes of the products of one node.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProductPlanes {
    /// The slope P of the first value: a number for each number of the second value.
    pub(crate) first: Vec<f32>,
    /// The slope Q of the second value: a number for each number of the first value.
    pub(crate) second: Vec<f32>,
    /// For each output, 1 if it has these slopes, and 0 if its planes are constants.
    pub(crate) kept: Vec<f32>,
    /// The middle between the intercepts below and above, for each output.
    pub(crate) constant: Vec<f32>,
    /// Half the distance of the planes, for each output.
    pub(crate) gap: Vec<f32>,
}

impl ProductPlanes {
    pub(crate) fn new(product: &Product, ranges: &Ranges, [first, second]: [usize; 2]) -> Self {
        let scale = f64::from(product.scale);
        // The middle of a range of infinite size is no number, and its products have no planes.
        let slopes = |value: usize| -> Vec<f32> {
            let ends = ranges.lower[value].iter().zip(&ranges.upper[value]);
            let middle = |(&l, &u): (&f32, &f32)| (scale * 0.5 * (f64::from(l) + f64::from(u))) as f32;
            ends.map(middle).map(|slope| if slope.is_finite() { slope } else { 0.0 }).collect()
        };
        let mut planes = Self { first: slopes(second), second: slopes(first), ..Self::default() };
        // The largest distance of a number from a point.
        let reach = |value: usize, feature: usize, point: f64| {
            let (l, u) = (f64::from(ranges.lower[value][feature]), f64::from(ranges.upper[value][feature]));
            (u - point).abs().max((l - point).abs())
        };
        let room = 1.0 + gamma64(4 * product.inner + 16);
        for start in product.outputs() {
            let (mut constant, mut size, mut gap) = (0.0, 0.0, 0.0);
            for (a, b) in product.terms(start) {
                let (p, q) = (f64::from(planes.first[b]), f64::from(planes.second[a]));
                let term = p * q / scale;
                constant -= term;
                size += term.abs();
                gap += scale.abs() * reach(first, a, q / scale) * reach(second, b, p / scale);
                // The points are rounded quotients.
                gap += f64::EPSILON * 4.0 * (q.abs() * reach(second, b, 0.0) + p.abs() * reach(first, a, 0.0));
            }
            let rounded = constant as f32;
            let gap = gap * room + size * gamma64(4 * product.inner + 16) + (constant - f64::from(rounded)).abs();
            let limit = product.limit.map_or(f64::INFINITY, f64::from);
            // Between ±limit if the planes are farther apart; with infinite ranges, the charge is infinite.
            let (kept, constant, gap) = if gap <= limit { (1.0, rounded, gap) } else { (0.0, 0.0, limit) };
            planes.kept.push(kept);
            planes.constant.push(constant);
            planes.gap.push(up((gap + TINY) * (1.0 + gamma(CHUNK + 4))));
        }
        planes
    }
}
