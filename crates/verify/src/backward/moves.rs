//! Weighted copies of runs of lanes: means, rearrangements, sums and channel factors.

use crate::lane::Lane;
use crate::program::{Gather, Window};
use crate::region::Region;
use crate::simd::{VectorKernel, part, parts, set_part};
use pulp::Simd;

/// A run of outputs that each read one entry of a run of inputs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Move {
    pub(crate) input: usize,
    pub(crate) output: usize,
    pub(crate) len: usize,
    pub(crate) weight: f32,
}

/// The moves of means over windows.
pub(crate) fn of_mean(window: &Window, share: &[f32], region: Region, moves: &mut Vec<Move>) {
    moves.clear();
    let [_, width, channels] = window.output;
    for row in region.rows[0]..region.rows[1] {
        for column in region.columns[0]..region.columns[1] {
            let place = row * width + column;
            let [rows, columns] = window.covered(row, column);
            for y in rows {
                for x in columns.clone() {
                    let input = (y * window.input[1] + x) * channels;
                    moves.push(Move { input, output: place * channels, len: channels, weight: share[place] });
                }
            }
        }
    }
}

/// The moves from one of the inputs of a gather.
pub(crate) fn of_gather(gather: &Gather, from: usize, moves: &mut Vec<Move>) {
    moves.clear();
    for output in 0..gather.starts.len() - 1 {
        for &(input, entry) in gather.terms(output).iter().filter(|term| term.0 as usize == from) {
            let entry = if input as usize == from { entry as usize } else { continue };
            match moves.last_mut() {
                Some(last) if last.input + last.len == entry && last.output + last.len == output => last.len += 1,
                _ => moves.push(Move { input: entry, output, len: 1, weight: gather.weight }),
            }
        }
    }
}

/// `to ← to + weight · from` for each move, from outputs to inputs or from inputs to outputs.
pub(crate) struct AddMoves<'a> {
    pub(crate) moves: &'a [Move],
    pub(crate) from: &'a [Lane],
    pub(crate) to: &'a mut [Lane],
    /// Whether outputs are read and inputs written.
    pub(crate) backward: bool,
}

impl VectorKernel for AddMoves<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for &Move { input, output, len, weight } in self.moves {
            let (from, to) = if self.backward { (output, input) } else { (input, output) };
            let weight = simd.splat_f32s(weight);
            for (to, from) in self.to[to..to + len].iter_mut().zip(&self.from[from..from + len]) {
                for half in 0..parts::<S>() {
                    let sum = simd.mul_add_f32s(part::<S>(from, half), weight, part::<S>(to, half));
                    set_part::<S>(to, half, sum);
                }
            }
        }
    }
}

/// `to ← scale · from + shift` for each channel, or `to ← to + scale · from`.
pub(crate) struct Scaled<'a> {
    pub(crate) from: &'a [Lane],
    pub(crate) to: &'a mut [Lane],
    pub(crate) scale: &'a [f32],
    pub(crate) shift: Option<&'a [f32]>,
    pub(crate) add: bool,
}

impl VectorKernel for Scaled<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for (from, to) in self.from.chunks(self.scale.len()).zip(self.to.chunks_mut(self.scale.len())) {
            for (channel, (from, to)) in from.iter().zip(to).enumerate() {
                for half in 0..parts::<S>() {
                    let start = match self.shift {
                        Some(shift) => simd.splat_f32s(shift[channel]),
                        None if self.add => part::<S>(to, half),
                        None => simd.splat_f32s(0.0),
                    };
                    let scaled = simd.mul_add_f32s(part::<S>(from, half), simd.splat_f32s(self.scale[channel]), start);
                    set_part::<S>(to, half, scaled);
                }
            }
        }
    }
}
