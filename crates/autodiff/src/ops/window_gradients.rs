//! Gradients of the kernels of wide convolutions, summed over the samples: a matrix product over places and samples, with the
//! input channels in the lanes.

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
    pub x: &'a [Lane<T>],
    /// Width of the padded input.
    pub x_width: usize,
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
    /// Space for some rows of the input with the channels in the lanes.
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
        let (panels, height) = (inputs.div_ceil(LANES), self.kernel_size[0]);
        let mut rows = std::mem::take(self.transposed);
        let row_lanes = self.x_width * LANES * panels;
        rows.resize(height * row_lanes, Lane::zero());
        self.sums.clear();
        self.sums.resize(out * height * self.vectors(), Lane::zero());
        // Row r of the input is in slot r % height. A row that two rows of the output share is transposed once.
        let mut ready = 0;
        for (h, dy) in self.dy.chunks_exact(self.width * out).enumerate() {
            let first = h * self.stride[0];
            for row in ready.max(first)..first + height {
                let x = &self.x[row * self.x_width * inputs..][..self.x_width * inputs];
                transpose_places(x, inputs, &mut rows[row % height * row_lanes..][..row_lanes]);
            }
            ready = first + height;
            for (group, dy) in dy.chunks(PLACES * out).enumerate() {
                let column = group * PLACES * self.stride[1] * LANES * panels;
                for o in (0..out).step_by(8) {
                    for k in 0..height {
                        let x = &rows[(first + k) % height * row_lanes..][..row_lanes];
                        self.add(simd, &x[column..], dy, k, o);
                    }
                }
            }
        }
        *self.transposed = rows;
        self.write();
    }
}

impl<T: Scalar> WindowGradients<'_, T> {
    /// The number of vectors of a kernel's row: its columns, times the panels of the input channels.
    #[inline(always)]
    fn vectors(&self) -> usize {
        self.kernel_size[1] * self.channels[0].div_ceil(LANES)
    }

    /// Adds the products of some places to row k of up to eight output channels from `o` on.
    #[inline(always)]
    fn add<S: Simd>(&mut self, simd: S, x: &[Lane<T>], dy: &[Lane<T>], k: usize, o: usize) {
        let last = self.channels[1].min(o + 8);
        let mut o = o;
        while o < last {
            o += match last - o {
                8 if S::REGISTER_COUNT >= 32 => self.row::<S, 8>(simd, x, dy, k, o),
                4.. => self.row::<S, 4>(simd, x, dy, k, o),
                _ => self.row::<S, 1>(simd, x, dy, k, o),
            };
        }
    }

    /// Adds to all vectors of row k of `R` output channels. Returns `R`.
    #[inline(always)]
    fn row<S: Simd, const R: usize>(&mut self, simd: S, x: &[Lane<T>], dy: &[Lane<T>], k: usize, o: usize) -> usize {
        let mut q = 0;
        while q < self.vectors() {
            q += match self.vectors() - q {
                1 => self.tile::<S, 1, R>(simd, x, dy, k, o, q),
                2 => self.tile::<S, 2, R>(simd, x, dy, k, o, q),
                _ => self.tile::<S, 3, R>(simd, x, dy, k, o, q),
            };
        }
        R
    }

    /// Adds to `V` vectors of `R` output channels, in registers. Returns `V`.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "loops of constant length stay in registers, iterators do not")]
    fn tile<S: Simd, const V: usize, const R: usize>(
        &mut self,
        simd: S,
        x: &[Lane<T>],
        dy: &[Lane<T>],
        k: usize,
        o: usize,
        q: usize,
    ) -> usize {
        let [inputs, out] = self.channels;
        let panels = inputs.div_ceil(LANES);
        // Where the vectors of the first sample of the first place are.
        let starts: [usize; V] = std::array::from_fn(|v| (q + v) / panels * LANES * panels + (q + v) % panels);
        let step = self.stride[1] * LANES * panels;
        for part in 0..parts::<T, S>() {
            let mut sums = [[T::splat(simd, T::zero()); V]; R];
            for (place, dy) in dy.chunks_exact(out).enumerate() {
                let dy = &dy[o..o + R];
                let x: [&[Lane<T>]; V] =
                    std::array::from_fn(|v| &x[place * step + starts[v]..][..(LANES - 1) * panels + 1]);
                for s in 0..LANES {
                    let mut vectors = [T::splat(simd, T::zero()); V];
                    for v in 0..V {
                        vectors[v] = x[v][s * panels].part::<S>(part);
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
        V
    }

    /// Adds the sums to the gradient, with the output channels side by side.
    #[inline(always)]
    fn write(&mut self) {
        let [inputs, out] = self.channels;
        let panels = inputs.div_ceil(LANES);
        let lanes = self.kernel_size[0] * self.vectors();
        for first in (0..out).step_by(LANES) {
            let outputs = LANES.min(out - first);
            for lane in 0..lanes {
                let mut block = [Lane::zero(); LANES];
                for (o, block) in block[..outputs].iter_mut().enumerate() {
                    *block = self.sums[(first + o) * lanes + lane];
                }
                transpose(&mut block);
                // A lane is a place of the kernel and a panel of its inputs.
                let (place, input) = (lane / panels, lane % panels * LANES);
                for (i, sums) in block[..LANES.min(inputs - input)].iter().enumerate() {
                    let to = &mut self.gradient[(place * inputs + input + i) * out + first..][..outputs];
                    to.iter_mut().zip(sums.0).for_each(|(to, sum)| *to += sum);
                }
            }
        }
    }
}
