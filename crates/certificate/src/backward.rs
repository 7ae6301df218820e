//! A linear lower bound of a weighted sum of one value's features, brought back to the input.
//!
//! Zhang et al., "Efficient neural network robustness certification with general activation functions" (CROWN), 2018, and
//! Wang et al., "Beta-CROWN", 2021. Before each node, the sum is at least `c + Σ a z` with the node's outputs z as the network computes
//! them, for every image where the assumptions hold. Each coefficient a is a real number that an interval holds, and c is a
//! number below the constant. The step over a node replaces z:
//!
//! - **Affine:** `a z ≥ a (b + Σ w x) − |a| e`, with the rounding error e of the [`rounding`](crate::rounding) of the network.
//! - **ReLU** with its input x in [l, u] and slope s for negative inputs: z = x if l ≥ 0, and z = s x if u ≤ 0. Otherwise
//!   `a z ≥ a α x` for a ≥ 0 and any α from s to 1. For a ≤ 0, `a z ≥ a (σ x + t)`, with the line `σ x + t` above both ends of the ReLU, which
//!   is convex. If the sign of a is not known, `a z` is at least the least product.
//! - **ReLU with an assumed sign** of x: z = x, or z = s x. Where the assumption `±x ≥ 0` holds, the sum is also at least itself less `±β x`, for any
//!   multiplier β ≥ 0.
//! - **Maximum** of entries x: `a z ≥ a xᵢ` for a ≥ 0 and any entry i. For a ≤ 0, z is at most the largest upper end.
//!
//! At the input, the least value over the ball is added to c.

use crate::ball::Ball;
use crate::interval::{Interval, add_up, minus_down, times_up};
use crate::network::{Network, Operation};
use crate::ranges::Ranges;

/// An assumption on the sign of the input of a ReLU, with its multiplier.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Assumption {
    pub(crate) relu: usize,
    pub(crate) feature: usize,
    /// Whether the input is at least 0; otherwise it is at most 0.
    pub(crate) active: bool,
    pub(crate) multiplier: f64,
}

/// A pass over a network whose values have ranges.
#[derive(Clone, Copy)]
pub(crate) struct Pass<'a> {
    pub(crate) network: &'a Network,
    pub(crate) ball: &'a Ball,
    pub(crate) ranges: &'a Ranges,
}

impl Pass<'_> {
    /// A number below `constant + Σ a z` over features of a value, for every image where the assumptions hold. `slope`
    /// says where the line below an open ReLU lies: from 0 for the slope of negative inputs to 1 for slope 1.
    pub(crate) fn lower_bound(
        self,
        value: usize,
        row: &[(usize, Interval)],
        constant: f64,
        slope: impl Fn(usize, usize) -> f64,
        assumptions: &[Assumption],
    ) -> f64 {
        let mut coefficients: Vec<Vec<Interval>> = vec![Vec::new(); value + 1];
        let mut bound = constant;
        for &(feature, a) in row {
            self.add(&mut coefficients, value, feature, a);
        }
        for node in (0..value).rev() {
            let from = std::mem::take(&mut coefficients[node + 1]);
            if from.is_empty() {
                continue;
            }
            let nonzero = |from: Vec<Interval>| from.into_iter().enumerate().filter(|(_, a)| *a != Interval::ZERO);
            let inputs = &self.network.nodes[node].inputs;
            let errors = &self.ranges.errors[node + 1];
            match &self.network.nodes[node].operation {
                Operation::Affine(affine) => {
                    for (output, a) in nonzero(from) {
                        let bias = Interval::point(affine.bias(output));
                        if bias != Interval::ZERO {
                            bound = (bound + a.least_product(bias)).next_down();
                        }
                        bound = minus_down(bound, times_up(a.size(), errors[output]));
                        affine.for_each_term(output, |input, feature, weight| {
                            self.add(&mut coefficients, inputs[input], feature, a.times(weight));
                        });
                    }
                }
                &Operation::Relu { slope: least, number } => {
                    let mut from = from;
                    for assumption in assumptions.iter().filter(|assumption| assumption.relu == number) {
                        let feature = assumption.feature;
                        let a = std::mem::replace(&mut from[feature], Interval::ZERO);
                        let (factor, sign) = if assumption.active { (1.0, 1.0) } else { (least, -1.0) };
                        let error = if assumption.active { 0.0 } else { errors[feature] };
                        bound = minus_down(bound, times_up(a.size(), error));
                        self.add(&mut coefficients, inputs[0], feature, a.times(factor));
                        let multiplier = Interval::point(-sign * assumption.multiplier);
                        self.add(&mut coefficients, inputs[0], feature, multiplier);
                    }
                    for (feature, a) in nonzero(from) {
                        let range = self.ranges.of[inputs[0]][feature];
                        let factor = match (range.low >= 0.0, range.high <= 0.0) {
                            (true, _) => 1.0,
                            (_, true) => least,
                            _ if a.low >= 0.0 => (least + (1.0 - least) * slope(number, feature)).clamp(least, 1.0),
                            _ if a.high <= 0.0 => {
                                let (above, intercept) = chord(range, least);
                                bound = (bound + a.least_product(Interval::point(intercept))).next_down();
                                above
                            }
                            _ => {
                                bound = (bound + a.least_product(self.ranges.of[node + 1][feature])).next_down();
                                continue;
                            }
                        };
                        let error = if range.low >= 0.0 { 0.0 } else { errors[feature] };
                        bound = minus_down(bound, times_up(a.size(), error));
                        self.add(&mut coefficients, inputs[0], feature, a.times(factor));
                    }
                }
                Operation::Max(windows) => {
                    for (output, a) in nonzero(from) {
                        match self.ranges.largest(inputs[0], &windows[output]) {
                            (entry, true) => self.add(&mut coefficients, inputs[0], entry, a),
                            (entry, false) if a.low >= 0.0 => self.add(&mut coefficients, inputs[0], entry, a),
                            _ => bound = (bound + a.least_product(self.ranges.of[node + 1][output])).next_down(),
                        }
                    }
                }
            }
        }
        match coefficients.first().filter(|input| !input.is_empty()) {
            Some(input) => (bound + self.ball.least(input)).next_down(),
            None => bound,
        }
    }

    /// Adds to a coefficient.
    #[inline]
    fn add(self, coefficients: &mut [Vec<Interval>], value: usize, feature: usize, a: Interval) {
        let of = &mut coefficients[value];
        if of.is_empty() {
            of.resize(self.network.widths[value], Interval::ZERO);
        }
        of[feature] = of[feature].plus(a);
    }
}

/// The slope and the intercept of a line above a ReLU on a range that holds 0 within: both ends of the ReLU lie below.
fn chord(range: Interval, slope: f64) -> (f64, f64) {
    let Interval { low, high } = range;
    let above = (high - slope * low) / (high - low);
    // `slope · low − above · low` and `high − above · high`, each rounded up.
    let left = add_up(-(slope * -low).next_down(), times_up(above, -low));
    let right = (high - (above * high).next_down()).next_up();
    // A NaN in either stays.
    (above, if left > right || left.is_nan() { left } else { right })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chords_lie_above() {
        for (low, high) in [(-1.0, 1.0), (-1e-30, 3.0), (-7.3, 1e-20), (-1e30, 1e-3), (-0.1, 0.3)] {
            for slope in [0.0, 0.01, 0.3] {
                let (above, intercept) = chord(Interval { low, high }, slope);
                for (x, y) in [(low, slope * low), (high, high), (0.0, 0.0)] {
                    assert!(above * x + intercept >= y, "{low} {high} {slope} {x}");
                }
                // The exact intercept is `−l u (1 − s) / (u − l)`.
                let exact = -low * (1.0 - slope) / (high - low) * high;
                assert!(intercept <= exact + 1e-15 * (high - low), "{low} {high} {slope}: {intercept} {exact}");
            }
        }
    }
}
