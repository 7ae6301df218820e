//! Maxima as ReLUs of differences, so that branch and bound can split them.
//!
//! `max(a, b) = b + max(a − b, 0)`. The maximum of a window is the winner of a tournament of such pairs. Entries that are never the
//! largest on a set of inputs do not take part. The sign of a difference says which entry of a pair is the larger one.
//!
//! The network computes a maximum without rounding. The steps here are charged the rounding of sums as if it computed them, which makes
//! bounds no tighter than they are.

use super::gather::Gather;
use super::{Operation, Program, Window};

/// A program with ReLUs for maxima.
#[derive(Debug)]
pub(crate) struct WithoutMaxima {
    pub(crate) program: Program,
    /// For each of its values, the same value of the program that it comes from, if that has one.
    pub(crate) origins: Vec<Option<usize>>,
    /// For each maximum of the other program, the entries of each window that may be the largest: none if it is known which one is.
    /// Without lists, the maximum stays.
    pub(crate) contenders: Vec<Vec<Vec<u32>>>,
}

/// For each output of a maximum, the entries that may be the largest on the set with these ranges.
fn contenders(window: &Window, outputs: usize, lower: &[f32], upper: &[f32]) -> Vec<Vec<u32>> {
    let of = |output: usize| {
        let least = window.entries(output).map(|i| lower[i]).fold(f32::NEG_INFINITY, f32::max);
        // One entry has the largest lower end. All others must reach above it.
        let best = window.entries(output).find(|&i| lower[i] == least);
        let takes_part = |&i: &usize| Some(i) == best || upper[i] > least || upper[i].is_nan();
        window.entries(output).filter(takes_part).map(|i| i as u32).collect()
    };
    (0..outputs).map(of).collect()
}

impl Program {
    /// The same function on a set of inputs where the values have these ends, without maxima of which more than one entry may be the largest.
    /// `None` if it has none of them.
    pub(crate) fn without_maxima(&self, lower: &[Vec<f32>], upper: &[Vec<f32>]) -> Option<WithoutMaxima> {
        let mut program = Self {
            values: vec![self.values[0]],
            nodes: Vec::new(),
            readers: Vec::new(),
            exact_interval: Vec::new(),
            graph: self.graph.clone(),
            params: self.params.clone(),
        };
        let mut origins = vec![Some(0)];
        let mut numbers = vec![0];
        let mut found = Vec::new();
        for (node, of) in self.nodes.iter().enumerate() {
            let inputs: Vec<usize> = of.inputs.iter().map(|&value| numbers[value]).collect();
            let (value, map) = (node + 1, self.values[node + 1]);
            let number = match (&of.operation, &of.inputs[..]) {
                (Operation::Max { window }, &[input]) => {
                    let players = contenders(window, self.width(value), &lower[input], &upper[input]);
                    if players.iter().any(|players| players.len() > 1) {
                        let several = |own: &Vec<u32>| if own.len() > 1 { own.clone() } else { Vec::new() };
                        found.push(players.iter().map(several).collect());
                        program.tournament(inputs[0], players, map)
                    } else {
                        found.push(Vec::new());
                        program.push(of.operation.clone(), inputs, map)
                    }
                }
                _ => program.push(of.operation.clone(), inputs, map),
            };
            origins.resize(program.values.len(), None);
            origins[number] = Some(value);
            numbers.push(number);
        }
        program.finish();
        let any = found.iter().any(|layer: &Vec<Vec<u32>>| !layer.is_empty());
        any.then_some(WithoutMaxima { program, origins, contenders: found })
    }

    /// The maximum of the players of each output. Players are entries of a value.
    fn tournament(&mut self, mut value: usize, mut players: Vec<Vec<u32>>, map: [usize; 3]) -> usize {
        loop {
            let (mut differences, mut winners) = (Vec::new(), Vec::new());
            let mut left: Vec<Vec<u32>> = Vec::with_capacity(players.len());
            for own in &players {
                let mut next = Vec::with_capacity(own.len().div_ceil(2));
                for pair in own.chunks(2) {
                    next.push(winners.len() as u32);
                    winners.push(match *pair {
                        [first, second] => {
                            differences.push(vec![(0, first), (1, second)]);
                            vec![(0, second), (1, differences.len() as u32 - 1)]
                        }
                        _ => pair.iter().map(|&only| (0, only)).collect(),
                    });
                }
                left.push(next);
            }
            let last = left.iter().all(|own| own.len() < 2);
            let channels = self.values[value][2];
            let minus = Operation::Scale { scale: vec![-1.0; channels], shift: vec![0.0; channels] };
            let minus = self.push(minus, vec![value], self.values[value]);
            let flat = [1, 1, differences.len()];
            let difference = Operation::Gather(Gather::new(&differences, 1.0));
            let difference = self.push(difference, vec![value, minus], flat);
            let excess = self.push(Operation::Relu { slope: 0.0 }, vec![difference], flat);
            let shape = if last { map } else { [1, 1, winners.len()] };
            value = self.push(Operation::Gather(Gather::new(&winners, 1.0)), vec![value, excess], shape);
            players = left;
            if last {
                return value;
            }
        }
    }
}
