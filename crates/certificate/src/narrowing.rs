//! The ranges of all values of a network over a ball, computed as the network computes its values.
//!
//! Intervals come first (Gowal et al., "On the effectiveness of interval bound propagation", 2018). Before each ReLU and
//! maximum, two backward passes bound every number that intervals leave open. Every step only narrows ranges.

use crate::CertificateError;
use crate::backward::{Assumption, Pass};
use crate::ball::Ball;
use crate::interval::{Interval, add_up, times_up};
use crate::network::{Network, Operation};
use crate::ranges::Ranges;
use crate::rounding;
use rayon::prelude::*;

impl Ranges {
    /// Narrows all ranges to the images where the assumptions hold.
    pub(crate) fn narrow(
        &mut self,
        network: &Network,
        ball: &Ball,
        assumptions: &[Assumption],
    ) -> Result<(), CertificateError> {
        for node in 0..network.nodes.len() {
            let input = network.nodes[node].inputs.first().copied().unwrap_or(0);
            if let Operation::Relu { number, .. } = network.nodes[node].operation {
                for assumption in assumptions.iter().filter(|assumption| assumption.relu == number) {
                    let range = &mut self.of[input][assumption.feature];
                    if assumption.active {
                        range.low = range.low.max(0.0);
                    } else {
                        range.high = range.high.min(0.0);
                    }
                }
            }
            self.tighten(network, ball, node);
            self.forward(network, node)?;
        }
        Ok(())
    }

    /// Narrows the ranges of a nonlinear node's inputs by backward passes.
    fn tighten(&mut self, network: &Network, ball: &Ball, node: usize) {
        let Some(&input) = network.nodes[node].inputs.first() else { return };
        if ball.is_box() && reads_input_alone(network, input) {
            // Intervals are as good.
            return;
        }
        let open: Vec<usize> = match &network.nodes[node].operation {
            Operation::Affine(_) => return,
            Operation::Relu { .. } => {
                let ranges = self.of[input].iter().enumerate();
                ranges.filter(|(_, range)| range.low < 0.0 && range.high > 0.0).map(|(i, _)| i).collect()
            }
            Operation::Max(windows) => self.contenders(input, windows),
        };
        let pass = Pass { network, ball, ranges: self };
        let bound = |feature: usize, sign: f64| {
            let slope = |relu: usize, at: usize| pass.ranges.usual_slope(network, relu, at);
            pass.lower_bound(input, &[(feature, Interval::point(sign))], 0.0, slope, &[])
        };
        let found: Vec<Interval> =
            open.par_iter().map(|&i| Interval { low: bound(i, 1.0), high: -bound(i, -1.0) }).collect();
        for (i, found) in open.into_iter().zip(found) {
            self.of[input][i] = self.of[input][i].within(found);
        }
    }

    /// The entries that may be the largest of a window, where it is not known which one is.
    fn contenders(&self, input: usize, windows: &[Vec<u32>]) -> Vec<usize> {
        let mut open = vec![false; self.of[input].len()];
        for window in windows {
            if let (entry, false) = self.largest(input, window) {
                let least = self.of[input][entry].low;
                window
                    .iter()
                    .map(|&i| i as usize)
                    .filter(|&i| self.of[input][i].high > least)
                    .for_each(|i| open[i] = true);
            }
        }
        (0..open.len()).filter(|&i| open[i]).collect()
    }

    /// Narrows the ranges of a node's outputs.
    fn forward(&mut self, network: &Network, node: usize) -> Result<(), CertificateError> {
        let inputs = &network.nodes[node].inputs;
        for output in 0..network.widths[node + 1] {
            let (range, error) = match &network.nodes[node].operation {
                Operation::Affine(affine) => {
                    let bias = affine.bias(output);
                    let (mut sum, mut magnitude) = (Interval::point(bias), bias.abs());
                    let (mut terms, mut copies) = (0, bias == 0.0);
                    affine.for_each_term(output, |input, feature, weight| {
                        let x = self.of[inputs[input]][feature];
                        if weight != 0.0 && x != Interval::ZERO {
                            sum = sum.plus(x.times(weight));
                            magnitude = add_up(magnitude, times_up(x.size(), weight.abs()));
                            copies &= weight == 1.0 && terms == 0;
                            terms += 1;
                        }
                    });
                    let exact = terms == 0 || copies;
                    let error = if exact { 0.0 } else { rounding::of_sum(terms, magnitude) };
                    // An infinite range has an infinite magnitude, which is no number of the network.
                    if !(error.is_finite() && magnitude.is_finite()) {
                        return Err(CertificateError::Overflow {
                            layer: network.nodes[node].name.clone(),
                            found: magnitude,
                        });
                    }
                    (sum, error)
                }
                &Operation::Relu { slope, .. } => {
                    let x = self.of[inputs[0]][output];
                    let rectified = |end: f64, round: fn(f64) -> f64| {
                        if end > 0.0 {
                            end
                        } else if slope == 0.0 {
                            0.0
                        } else {
                            round(slope * end)
                        }
                    };
                    let error = rounding::of_product(slope, (-x.low).max(0.0));
                    let range =
                        Interval { low: rectified(x.low, f64::next_down), high: rectified(x.high, f64::next_up) };
                    (range, error)
                }
                Operation::Max(windows) => {
                    let ends = windows[output].iter().map(|&i| self.of[inputs[0]][i as usize]);
                    let most = |a: Interval, b: Interval| Interval { low: a.low.max(b.low), high: a.high.max(b.high) };
                    (ends.reduce(most).unwrap_or(Interval::ZERO), 0.0)
                }
            };
            let range = if error == 0.0 { range } else { range.plus(Interval { low: -error, high: error }) };
            self.of[node + 1][output] = self.of[node + 1][output].within(range);
            self.errors[node + 1][output] = error;
        }
        Ok(())
    }
}

/// Whether a value is an affine function of the input alone.
fn reads_input_alone(network: &Network, value: usize) -> bool {
    let Some(node) = value.checked_sub(1).map(|node| &network.nodes[node]) else { return true };
    matches!(node.operation, Operation::Affine(_)) && node.inputs == [0]
}
