//! Gradients of wide matrices, summed over the samples: a matrix product over places and samples.

use crate::Scalar;
use crate::lane::registers::{parts, registers_mut};
use crate::lane::transpose::transpose_places;
use crate::lane::{LANES, Lane};
use crate::simd::{Kernel, VectorKernel};
use pulp::Simd;

/// Adds `Σ_{p, s} x[k, p, r][s] · dy[p, o][s]` to `gradient[k, r, o]`, for places p and samples s. For a convolution, the
/// places are a row of the output, and k is a row of the kernel.
///
/// Every entry is a sum in a fixed order: the samples of a place, the places of a group of [`PLACES`], the groups.
pub(crate) struct SummedGradients<'a, T> {
    /// The inputs: entry r of place p for row k is lane `k · row + p · step + r`.
    pub x: &'a [Lane<T>],
    /// Lanes from one row k to the next.
    pub row: usize,
    /// Lanes from one place to the next.
    pub step: usize,
    /// The number of entries r.
    pub entries: usize,
    /// Cotangents `(places, outputs)`.
    pub dy: &'a [Lane<T>],
    /// The number of outputs.
    pub outputs: usize,
    /// Gradient `(rows, entries, outputs)`.
    pub gradient: &'a mut [T],
    /// Space for cotangents with the outputs in the lanes.
    pub transposed: &'a mut Vec<Lane<T>>,
}

/// Adds `Σ_{p, s} dy[p, o][s]` to `bias[o]`: the places first, then the samples.
pub(crate) struct SummedBiases<'a, T> {
    /// Cotangents `(places, outputs)`.
    pub dy: &'a [Lane<T>],
    /// Gradient of the biases; empty for an operation without biases.
    pub bias: &'a mut [T],
    /// Space for sums.
    pub sums: &'a mut Vec<Lane<T>>,
}

impl<T: Scalar> Kernel for SummedBiases<'_, T> {
    #[inline(always)]
    fn run(self) {
        if self.bias.is_empty() {
            return;
        }
        self.sums.clear();
        self.sums.resize(self.bias.len(), Lane::zero());
        for dy in self.dy.chunks_exact(self.bias.len()) {
            self.sums.iter_mut().zip(dy).for_each(|(sum, &dy)| *sum = sum.plus(dy));
        }
        self.bias.iter_mut().zip(self.sums).for_each(|(to, sum)| *to += sum.sum());
    }
}

/// Places whose products are added up in registers. Their cotangents stay in the first-level cache.
const PLACES: usize = 16;

impl<T: Scalar> VectorKernel for SummedGradients<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let panels = self.outputs.div_ceil(LANES);
        let mut transposed = std::mem::take(self.transposed);
        transposed.resize(PLACES * LANES * panels, Lane::zero());
        for (group, dy) in self.dy.chunks(PLACES * self.outputs).enumerate() {
            let places = dy.len() / self.outputs;
            transpose_places(dy, self.outputs, &mut transposed);
            let dy = &transposed[..places * LANES * panels];
            let first = group * PLACES * self.step;
            for k in 0..self.gradient.len() / (self.entries * self.outputs) {
                self.add(simd, k, first + k * self.row, dy);
            }
        }
        *self.transposed = transposed;
    }
}

impl<T: Scalar> SummedGradients<'_, T> {
    /// Adds the products of some places, whose first input is lane `first`, to row k.
    #[inline(always)]
    fn add<S: Simd>(&mut self, simd: S, k: usize, first: usize, dy: &[Lane<T>]) {
        let panels = self.outputs.div_ceil(LANES);
        let many = S::REGISTER_COUNT >= 32;
        let mut panel = 0;
        while panel < panels {
            panel += match (many, panels - panel) {
                (true, 1) => self.rows::<S, 12, 1>(simd, k, first, dy, panel),
                (true, _) => self.rows::<S, 12, 2>(simd, k, first, dy, panel),
                (false, 1) => self.rows::<S, 6, 1>(simd, k, first, dy, panel),
                (false, _) => self.rows::<S, 6, 2>(simd, k, first, dy, panel),
            };
        }
    }

    /// Adds to `V` panels of all rows, `R` rows at a time. Returns `V`.
    #[inline(always)]
    fn rows<S: Simd, const R: usize, const V: usize>(
        &mut self,
        simd: S,
        k: usize,
        first: usize,
        dy: &[Lane<T>],
        panel: usize,
    ) -> usize {
        let mut r = 0;
        while r < self.entries {
            let to = k * self.entries + r;
            r += match self.entries - r {
                left if left >= R => self.tile::<S, R, V>(simd, first + r, dy, to, panel),
                4.. => self.tile::<S, 4, V>(simd, first + r, dy, to, panel),
                _ => self.tile::<S, 1, V>(simd, first + r, dy, to, panel),
            };
        }
        V
    }

    /// Adds to `V` panels of the rows `to..to + R` of the gradient, in registers, with inputs from lane `first` on. Returns
    /// `R`.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "loops of constant length stay in registers, iterators do not")]
    fn tile<S: Simd, const R: usize, const V: usize>(
        &mut self,
        simd: S,
        first: usize,
        dy: &[Lane<T>],
        to: usize,
        panel: usize,
    ) -> usize {
        let outputs = self.outputs;
        let panel_lanes = dy.len() / outputs.div_ceil(LANES);
        let dy: [&[Lane<T>]; V] = std::array::from_fn(|v| &dy[(panel + v) * panel_lanes..][..panel_lanes]);
        for part in 0..parts::<T, S>() {
            let mut sums = [[T::splat(simd, T::zero()); V]; R];
            for place in 0..panel_lanes / LANES {
                let x = &self.x[first + place * self.step..][..R];
                let dy: [&[Lane<T>]; V] = std::array::from_fn(|v| &dy[v][place * LANES..][..LANES]);
                for s in 0..LANES {
                    let mut vectors = [T::splat(simd, T::zero()); V];
                    for v in 0..V {
                        vectors[v] = dy[v][s].part::<S>(part);
                    }
                    for r in 0..R {
                        let x = T::splat(simd, x[r].0[s]);
                        for v in 0..V {
                            sums[r][v] = T::fma(simd, vectors[v], x, sums[r][v]);
                        }
                    }
                }
            }
            for r in 0..R {
                let row = &mut self.gradient[(to + r) * outputs..][..outputs];
                for v in 0..V {
                    let (sum, start) = (sums[r][v], (panel + v) * LANES);
                    let to = &mut row[start..outputs.min(start + LANES)];
                    if let Some(to) = to.first_chunk_mut() {
                        let to = &mut registers_mut::<T, S>(to)[part];
                        *to = T::plus(simd, *to, sum);
                    } else {
                        let mut lane = Lane::zero();
                        lane.set_part::<S>(part, sum);
                        to.iter_mut().zip(lane.0).for_each(|(to, sum)| *to += sum);
                    }
                }
            }
        }
        R
    }
}
