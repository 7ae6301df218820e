//! Maxima as ReLUs of differences, so that splits can say which entry is the larger one.
//!
//! `max(a, b) = b + max(a − b, 0)`. A certificate names the entries of each window that may be the largest on the ball: its
//! contenders. The maximum is the winner of a tournament. Each round pairs neighbours, and the last one of an odd number goes to the next
//! round alone. Each round of a layer is one layer of ReLUs of differences, first contender less second, in the order of windows and pairs.
//!
//! An entry that is no contender must never be above all contenders, by the ranges on the whole ball. That is all that is trusted of the
//! list. The network computes a maximum without rounding. The steps here are charged the rounding of sums as if it computed them,
//! which only lowers bounds.

use crate::CertificateError;
use crate::affine::{Affine, Term};
use crate::ball::Ball;
use crate::network::{Network, Node, Operation};
use crate::ranges::Ranges;

/// For each maximum layer in the order of computation, the contenders of each window. A layer without lists is not replaced. An empty
/// list says that one entry is always the largest.
pub(crate) type Contenders = [Vec<Vec<u32>>];

impl Network {
    /// The same function on a ball with tournaments for maxima, and its ranges there, from the ranges of this network.
    pub(crate) fn with_tournaments(
        &self,
        contenders: &Contenders,
        ball: &Ball,
        of: &Ranges,
    ) -> Result<(Self, Ranges), CertificateError> {
        let is_max = |node: &&Node| matches!(node.operation, Operation::Max(_));
        let (found, expected) = (contenders.len(), self.nodes.iter().filter(is_max).count());
        if found != expected {
            return Err(CertificateError::field("maxima", format!("lists of {found} layers"), expected.to_string()));
        }
        let mut network = Self { widths: vec![self.widths[0]], nodes: Vec::new(), relus: Vec::new() };
        let mut lists = contenders.iter().enumerate();
        // For each value of this network, the same value of the other one.
        let mut values = vec![0];
        for (node, width) in self.nodes.iter().zip(&self.widths[1..]) {
            let inputs: Vec<usize> = node.inputs.iter().map(|&value| values[value]).collect();
            let list = match &node.operation {
                Operation::Max(windows) => lists.next().filter(|(_, own)| !own.is_empty()).map(|own| (windows, own)),
                _ => None,
            };
            values.push(match list {
                Some((windows, (layer, own))) => {
                    let players = players(windows, own, of, node.inputs[0], &format!("maxima of layer {layer}"))?;
                    network.tournament(&node.name, inputs[0], players)
                }
                None => network.push(node.name.clone(), node.operation.clone(), inputs, *width),
            });
        }
        let mut ranges = Ranges::new(&network, ball);
        for (&value, known) in values.iter().zip(&of.of) {
            ranges.of[value].clone_from(known);
        }
        Ok((network, ranges))
    }

    /// Adds the rounds of a tournament of entries of a value, and returns the value of its winners.
    fn tournament(&mut self, name: &str, mut value: usize, mut players: Vec<Vec<u32>>) -> usize {
        loop {
            let (mut differences, mut winners) = (Vec::<Vec<Term>>::new(), Vec::<Vec<Term>>::new());
            let mut next = Vec::with_capacity(players.len());
            for own in &players {
                let first = winners.len() as u32;
                for pair in own.chunks(2) {
                    winners.push(match *pair {
                        [a, b] => {
                            differences.push(vec![(0, a, 1.0), (0, b, -1.0)]);
                            vec![(0, b, 1.0), (1, differences.len() as u32 - 1, 1.0)]
                        }
                        _ => pair.iter().map(|&only| (0, only, 1.0)).collect(),
                    });
                }
                next.push((first..winners.len() as u32).collect());
            }
            let mut push = |operation: Operation, inputs: Vec<usize>, width: usize| {
                self.push(name.to_owned(), operation, inputs, width)
            };
            let (count, width) = (differences.len(), winners.len());
            let difference = push(Operation::Affine(Affine::table(differences, Vec::new())), vec![value], count);
            let excess = push(Operation::Relu { slope: 0.0, number: 0 }, vec![difference], count);
            value = push(Operation::Affine(Affine::table(winners, Vec::new())), vec![value, excess], width);
            players = next;
            if players.iter().all(|own| own.len() < 2) {
                return value;
            }
        }
    }
}

/// The contenders of each window, which must be entries of it that no other entry is ever above.
fn players(
    windows: &[Vec<u32>],
    lists: &[Vec<u32>],
    ranges: &Ranges,
    input: usize,
    place: &str,
) -> Result<Vec<Vec<u32>>, CertificateError> {
    let (found, expected) = (lists.len(), windows.len());
    if found != expected {
        return Err(CertificateError::field(place, format!("{found} lists"), format!("{expected} windows")));
    }
    let range = |entry: u32| ranges.of[input][entry as usize];
    let mut players = Vec::with_capacity(windows.len());
    for (number, (window, list)) in windows.iter().zip(lists).enumerate() {
        let refused = |found: &str, expected: &str| {
            Err(CertificateError::field(format!("{place}, window {number}"), found.to_owned(), expected.to_owned()))
        };
        if list.is_empty() {
            match ranges.largest(input, window) {
                (entry, true) => players.push(vec![entry as u32]),
                _ => return refused("no contender", "the entries that may be the largest"),
            }
            continue;
        }
        if !list.is_sorted_by(|a, b| a < b) || list.iter().any(|entry| !window.contains(entry)) {
            return refused("other contenders", "entries of the window in ascending order");
        }
        let least = list.iter().map(|&entry| range(entry).low).fold(f64::NEG_INFINITY, f64::max);
        // A NaN is not below anything.
        let below = |entry: &u32| range(*entry).high <= least;
        if !window.iter().all(|entry| list.contains(entry) || below(entry)) {
            return refused("too few contenders", "every entry that may be the largest");
        }
        players.push(list.clone());
    }
    Ok(players)
}
