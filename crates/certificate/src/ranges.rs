//! The ranges of all values of a network over a ball.

use crate::ball::Ball;
use crate::interval::Interval;
use crate::network::Network;

/// The ranges of values.
#[derive(Clone, Debug)]
pub(crate) struct Ranges {
    /// For each value, the range of every feature.
    pub(crate) of: Vec<Vec<Interval>>,
    /// For each value, the rounding error of every feature.
    pub(crate) errors: Vec<Vec<f64>>,
}

impl Ranges {
    /// Nothing is known but the input.
    pub(crate) fn new(network: &Network, ball: &Ball) -> Self {
        let unknown = Interval { low: f64::NEG_INFINITY, high: f64::INFINITY };
        let mut of: Vec<Vec<Interval>> = network.widths.iter().map(|&width| vec![unknown; width]).collect();
        of[0].clone_from(&ball.pixels);
        Self { of, errors: network.widths.iter().map(|&width| vec![0.0; width]).collect() }
    }

    /// The entry of a window with the largest lower end, and whether it is always the largest.
    pub(crate) fn largest(&self, input: usize, window: &[u32]) -> (usize, bool) {
        let range = |i: u32| self.of[input][i as usize];
        let better = |best: u32, i: u32| if range(i).low > range(best).low { i } else { best };
        let Some(best) = window.iter().copied().reduce(better) else { return (0, false) };
        (best as usize, window.iter().all(|&i| i == best || range(i).high <= range(best).low))
    }

    /// Where the line below an open ReLU lies if nothing else is said: as steep as the larger end of its range.
    pub(crate) fn usual_slope(&self, network: &Network, relu: usize, feature: usize) -> f64 {
        let input = network.relus.get(relu).and_then(|&node| network.nodes[node].inputs.first());
        let range = input.map_or(Interval::ZERO, |&input| self.of[input][feature]);
        if range.high > -range.low { 1.0 } else { 0.0 }
    }
}
