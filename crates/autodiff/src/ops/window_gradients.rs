//! Gradients of the kernels of wide convolutions, summed over the samples: a matrix product over places and samples, with the
//! input channels in the lanes.

use super::padded_rows::PaddedRows;
use crate::Scalar;
use crate::lane::registers::parts;
use crate::lane::transpose::{transpose, transpose_places};
use crate::lane::{LANES, Lane};
use crate::simd::VectorKernel;
use pulp::Simd;

/// Adds `Σ_{h, w, s} x[h·d + k, w·t + l, i][s] · dy[h, w, o][s]` to `gradient[k, l, i, o]`, for samples s.
///
/// Every entry is a sum in a fixed order: the samples of a place, the places of a group of [`PLACES`], the groups, the rows.
pub(crate) struct WindowGradients<'a, T> {
    /// Padded input `(height, width, in)`.
    pub x: PaddedRows<'a, T>,
    /// Height and width of a kernel.
    pub kernel_size: [usize; 2],
    /// Input and output channels.
    pub channels: [usize; 2],
    /// Vertical and horizontal stride.
    pub stride: [usize; 2],
    /// Cotangents `(height, width, out)`.
    pub dy: &'a [Lane<T>],
    /// Width of the output.
    pub width: usize,
    /// Gradient `(height, width, in, out)`.
    pub gradient: &'a mut [T],
    /// Space for a row of the padded input.
    pub row: &'a mut Vec<Lane<T>>,
    /// Space for some rows of the padded input, each `(panels, width, samples)` with 16 channels in the lanes.
    pub transposed: &'a mut Vec<Lane<T>>,
    /// Space for the gradient with the input channels in the lanes.
    pub sums: &'a mut Vec<Lane<T>>,
}

/// Places whose products are added up in registers. Their cotangents stay in the first-level cache.
const PLACES: usize = 16;

impl<T: Scalar> VectorKernel for WindowGradients<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let [inputs, out] = self.channels;
        let (source, panels, height) = (self.x, inputs.div_ceil(LANES), self.kernel_size[0]);
        let mut rows = std::mem::take(self.transposed);
        let mut padded = std::mem::take(self.row);
        let row_lanes = panels * source.width * LANES;
        rows.resize(height * row_lanes, Lane::zero());
        padded.resize(source.row_lanes(), Lane::zero());
        self.sums.clear();
        self.sums.resize(out * height * self.vectors(), Lane::zero());
        // Row r of the input is in slot r % height. A row that two rows of the output read is transposed once.
        let mut ready = 0;
        for (h, dy) in self.dy.chunks_exact(self.width * out).enumerate() {
            let first = h * self.stride[0];
            for row in ready.max(first)..first + height {
                if source.source(row).is_some() {
                    source.write(row, &mut padded);
                    transpose_places(&padded, inputs, &mut rows[row % height * row_lanes..][..row_lanes]);
                }
            }
            ready = first + height;
            for (group, dy) in dy.chunks(PLACES * out).enumerate() {
                let place = group * PLACES * self.stride[1];
                for k in (0..height).filter(|k| source.source(first + k).is_some()) {
                    let x = &rows[(first + k) % height * row_lanes..][..row_lanes];
                    self.add(simd, x, place, dy, k);
                }
            }
        }
        *self.transposed = rows;
        *self.row = padded;
        self.write();
    }
}

impl<T: Scalar> WindowGradients<'_, T> {
    /// The number of vectors of a kernel's row: the panels of the input channels, times its columns.
    #[inline(always)]
    fn vectors(&self) -> usize {
        self.kernel_size[1] * self.channels[0].div_ceil(LANES)
    }

    /// Adds the products of some places, from the input's column `place` on, to row k. The vectors of a tile stay in the
    /// first-level cache while all output channels pass.
    #[inline(always)]
    fn add<S: Simd>(&mut self, simd: S, x: &[Lane<T>], place: usize, dy: &[Lane<T>], k: usize) {
        let mut q = 0;
        while q < self.vectors() {
            q += match self.vectors() - q {
                1 => self.outputs::<S, 1>(simd, x, place, dy, k, q),
                2 => self.outputs::<S, 2>(simd, x, place, dy, k, q),
                _ => self.outputs::<S, 3>(simd, x, place, dy, k, q),
            };
        }
    }

    /// Adds to `V` vectors of all output channels. Returns `V`.
    #[inline(always)]
    fn outputs<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        x: &[Lane<T>],
        place: usize,
        dy: &[Lane<T>],
        k: usize,
        q: usize,
    ) -> usize {
        let columns = self.kernel_size[1];
        // Where the vectors of the first sample of the first place are.
        let x: [&[Lane<T>]; V] = std::array::from_fn(|v| {
            let (panel, column) = ((q + v) / columns, (q + v) % columns);
            &x[(panel * self.x.width + place + column) * LANES..]
        });
        let out = self.channels[1];
        let mut o = 0;
        while o < out {
            o += match out - o {
                8.. if S::REGISTER_COUNT >= 32 => self.tile::<S, V, 8>(simd, x, dy, k, o, q),
                4.. => self.tile::<S, V, 4>(simd, x, dy, k, o, q),
                _ => self.tile::<S, V, 1>(simd, x, dy, k, o, q),
            };
        }
        V
    }

    /// Adds to `V` vectors of `R` output channels, in registers. Returns `R`.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "loops of constant length stay in registers, iterators do not")]
    fn tile<S: Simd, const V: usize, const R: usize>(
        &mut self,
        simd: S,
        x: [&[Lane<T>]; V],
        dy: &[Lane<T>],
        k: usize,
        o: usize,
        q: usize,
    ) -> usize {
        let out = self.channels[1];
        let step = self.stride[1] * LANES;
        for part in 0..parts::<T, S>() {
            let mut sums = [[T::splat(simd, T::zero()); V]; R];
            for (place, dy) in dy.chunks_exact(out).enumerate() {
                let dy = &dy[o..o + R];
                let x: [&[Lane<T>]; V] = std::array::from_fn(|v| &x[v][place * step..][..LANES]);
                for s in 0..LANES {
                    let mut vectors = [T::splat(simd, T::zero()); V];
                    for v in 0..V {
                        vectors[v] = x[v][s].part::<S>(part);
                    }
                    for r in 0..R {
                        let dy = T::splat(simd, dy[r].0[s]);
                        for v in 0..V {
                            sums[r][v] = T::fma(simd, vectors[v], dy, sums[r][v]);
                        }
                    }
                }
            }
            let vectors = self.vectors();
            for r in 0..R {
                let to = &mut self.sums[((o + r) * self.kernel_size[0] + k) * vectors + q..][..V];
                for v in 0..V {
                    let sum = T::plus(simd, to[v].part::<S>(part), sums[r][v]);
                    to[v].set_part::<S>(part, sum);
                }
            }
        }
        R
    }

    /// Adds the sums to the gradient, with the output channels side by side.
    #[inline(always)]
    fn write(&mut self) {
        let [inputs, out] = self.channels;
        let (columns, vectors) = (self.kernel_size[1], self.vectors());
        let lanes = self.kernel_size[0] * vectors;
        for first in (0..out).step_by(LANES) {
            let outputs = LANES.min(out - first);
            for lane in 0..lanes {
                let mut block = [Lane::zero(); LANES];
                for (o, block) in block[..outputs].iter_mut().enumerate() {
                    *block = self.sums[(first + o) * lanes + lane];
                }
                transpose(&mut block);
                // A lane is a row of the kernel, a panel of its inputs and a column.
                let (k, q) = (lane / vectors, lane % vectors);
                let (place, input) = (k * columns + q % columns, q / columns * LANES);
                for (i, sums) in block[..LANES.min(inputs - input)].iter().enumerate() {
                    let to = &mut self.gradient[(place * inputs + input + i) * out + first..][..outputs];
                    to.iter_mut().zip(sums.0).for_each(|(to, sum)| *to += sum);
                }
            }
        }
    }
}
