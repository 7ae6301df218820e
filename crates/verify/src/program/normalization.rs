//! Normalisation as the steps that the network computes: mean, deviations, their squares, the variance, its inverse root and
//! the products. Each number of a step is a number of the network, so each step's rounding is the network's.

use super::{Gather, Operation, Product, Program};
use crate::curve::Curve;
use crate::region::Map;

/// A normalisation over sets of a value `(outer, places, groups, size)`.
pub(super) struct Sets {
    pub(super) layout: [usize; 4],
    pub(super) centred: bool,
    pub(super) epsilon: f32,
}

/// The most numbers of a set for which the size of normalised numbers is limited. Beyond it, rounding could exceed
/// [`LIMIT_ROOM`].
const LIMITED: usize = 1 << 14;

/// The room for rounding of the limit `√n`: `γ_{n+12}` is 9.8e-4 for n = 2¹⁴, and half of it counts.
const LIMIT_ROOM: f64 = 1.001;

impl Sets {
    /// The features of each set.
    fn members(&self) -> Vec<Vec<u32>> {
        let [outer, places, groups, size] = self.layout;
        let channels = groups * size;
        let of = |o: usize, group: usize| {
            let starts = (0..places).map(move |place| (o * places + place) * channels + group * size);
            starts.flat_map(|start| start as u32..(start + size) as u32).collect()
        };
        (0..outer).flat_map(|o| (0..groups).map(move |group| (o, group))).map(|(o, group)| of(o, group)).collect()
    }

    /// Adds the steps from a value of this shape. Returns the value with the normalised numbers.
    pub(super) fn push(&self, program: &mut Program, value: usize, map: Map) -> usize {
        let members = self.members();
        let count = members.first().map_or(1, Vec::len).max(1);
        let share = 1.0 / count as f32;
        let sets = [1, 1, members.len()];
        let mut set_of = vec![0_u32; members.iter().map(Vec::len).sum()];
        for (set, members) in members.iter().enumerate() {
            members.iter().for_each(|&feature| set_of[feature as usize] = set as u32);
        }
        let sums: Vec<Vec<(u32, u32)>> =
            members.iter().map(|set| set.iter().map(|&feature| (0, feature)).collect()).collect();
        let copies: Vec<Vec<(u32, u32)>> = set_of.iter().map(|&set| vec![(0, set)]).collect();
        let deviations = if self.centred {
            // Minus the mean, whose rounding is the mean's.
            let mean = program.push(Operation::Gather(Gather::new(&sums, -share)), vec![value], sets);
            let mean = program.push(Operation::Gather(Gather::new(&copies, 1.0)), vec![mean], map);
            program.push(Operation::Sum, vec![value, mean], map)
        } else {
            value
        };
        let squares = program.push(Operation::Curve(Curve::Square), vec![deviations], map);
        let variance = program.push(Operation::Gather(Gather::new(&sums, share)), vec![squares], sets);
        let root = Operation::Curve(Curve::InverseRoot { epsilon: self.epsilon });
        let root = program.push(root, vec![variance], sets);
        let root = program.push(Operation::Gather(Gather::new(&copies, 1.0)), vec![root], map);
        // `|x − μ| ≤ √(n (variance + epsilon))`, up to rounding.
        let limit = (count <= LIMITED).then_some(((count as f64).sqrt() * LIMIT_ROOM) as f32);
        let product = Product { limit, ..Product::of_numbers(set_of.len()) };
        program.push(Operation::Product(product), vec![deviations, root], map)
    }
}
