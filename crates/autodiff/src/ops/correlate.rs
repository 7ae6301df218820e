//! Cross-correlation of a padded feature map with a bank of kernels, used by conv2d's forward, vjp to the input and
//! jvp.

use crate::Scalar;
use crate::lane::Lane;
use crate::lane::registers::parts;
use crate::simd::VectorKernel;
use pulp::Simd;

/// The initial value of an output.
#[derive(Clone, Copy)]
pub(crate) enum Start<'a, T> {
    /// Zero.
    Zero,
    /// One bias for each output channel.
    Bias(&'a [T]),
    /// The value already in the output.
    Accumulate,
}

/// `y[h, w, o] ← start + Σ_{k, l, i} x[h·s + k, w·t + l, i] · kernel[k, l, i, o]`.
pub(crate) struct Correlate<'a, T> {
    /// Padded input `(height, width, in)`.
    pub x: &'a [Lane<T>],
    /// Width of the padded input.
    pub x_width: usize,
    /// Kernels `(height, width, in, out)`.
    pub kernel: &'a [T],
    /// Height and width of a kernel.
    pub kernel_size: [usize; 2],
    /// Input and output channels.
    pub channels: [usize; 2],
    /// Vertical and horizontal stride.
    pub stride: [usize; 2],
    /// The initial value of the outputs.
    pub start: Start<'a, T>,
    /// Output `(height, width, out)`.
    pub y: &'a mut [Lane<T>],
    /// Height and width of the output.
    pub y_size: [usize; 2],
    /// Space for the kernels in panels of a few output channels.
    pub panels: &'a mut Vec<T>,
}

/// Output channels of a panel.
const PANEL: usize = 4;

/// Kernels of some output channels: weight r of channel j is `numbers[r · step + j]`.
#[derive(Clone, Copy)]
struct Panel<'a, T> {
    numbers: &'a [T],
    step: usize,
}

/// The largest part of the input, in bytes, that stays in the first-level cache while several panels pass over it.
const RESIDENT: usize = 24 << 10;

impl<T: Scalar> VectorKernel for Correlate<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let [height, width] = self.y_size;
        if height * width == 1 {
            self.one_place(simd);
            return;
        }
        let (out, weights) = (self.channels[1], self.weights());
        let (whole, single) = (out / PANEL, out % PANEL);
        let mut panels = std::mem::take(self.panels);
        self.pack(whole * PANEL, &mut panels);
        let tiles = Columns { width, most: if S::REGISTER_COUNT >= 32 { 4 } else { 2 } };
        let read = self.kernel_size[0] * (3 * self.stride[1] + self.kernel_size[1]) * self.channels[0];
        let resident = read * size_of::<Lane<T>>() <= RESIDENT;
        // The input of a tile passes all panels, or a panel passes all tiles: the smaller one stays in the cache.
        let (outer, inner) = if resident { (tiles.count(), whole + single) } else { (whole + single, tiles.count()) };
        for h in 0..height {
            for i in 0..outer {
                for j in 0..inner {
                    let (tile, panel) = if resident { (i, j) } else { (j, i) };
                    let (w, columns) = tiles.tile(tile);
                    if panel < whole {
                        let numbers = &panels[panel * PANEL * weights..][..PANEL * weights];
                        self.columns::<S, PANEL>(simd, h, w, columns, panel * PANEL, Panel { numbers, step: PANEL });
                    } else {
                        let o = whole * PANEL + panel - whole;
                        let numbers = &panels[o * weights..][..weights];
                        self.columns::<S, 1>(simd, h, w, columns, o, Panel { numbers, step: 1 });
                    }
                }
            }
        }
        *self.panels = panels;
    }
}

/// The tiles of a row: as many of `most` columns as fit, and then smaller ones.
#[derive(Clone, Copy)]
struct Columns {
    width: usize,
    /// A power of two.
    most: usize,
}

impl Columns {
    /// The number of tiles.
    #[inline(always)]
    fn count(self) -> usize {
        self.width / self.most + (self.width % self.most).count_ones() as usize
    }

    /// The first column and the number of columns of a tile.
    #[inline(always)]
    fn tile(self, tile: usize) -> (usize, usize) {
        let whole = self.width / self.most;
        if tile < whole {
            return (tile * self.most, self.most);
        }
        let rest = self.width % self.most;
        match (rest, tile - whole) {
            (3, 0) => (self.width - 3, 2),
            (2, _) => (self.width - 2, 2),
            _ => (self.width - 1, 1),
        }
    }
}

impl<T: Scalar> Correlate<'_, T> {
    /// The number of weights of an output channel.
    #[inline(always)]
    fn weights(&self) -> usize {
        self.kernel_size[0] * self.kernel_size[1] * self.channels[0]
    }

    /// Writes the kernels as panels of [`PANEL`] channels, and those from `whole` on as panels of one.
    #[inline(always)]
    fn pack(&self, whole: usize, panels: &mut Vec<T>) {
        let out = self.channels[1];
        panels.clear();
        for o in (0..whole).step_by(PANEL) {
            for weights in self.kernel.chunks_exact(out) {
                panels.extend_from_slice(&weights[o..o + PANEL]);
            }
        }
        for o in whole..out {
            panels.extend(self.kernel.iter().skip(o).step_by(out));
        }
    }

    /// Computes the output channels of the only place, many at a time: each weight is read once, from the kernels as they
    /// are.
    #[inline(always)]
    fn one_place<S: Simd>(&mut self, simd: S) {
        let out = self.channels[1];
        let mut o = 0;
        while o < out {
            let panel = Panel { numbers: &self.kernel[o..], step: out };
            o += match out - o {
                16.. if S::REGISTER_COUNT >= 32 => self.tile::<S, 1, 16>(simd, 0, 0, o, panel),
                8.. => self.tile::<S, 1, 8>(simd, 0, 0, o, panel),
                4.. => self.tile::<S, 1, 4>(simd, 0, 0, o, panel),
                _ => self.tile::<S, 1, 1>(simd, 0, 0, o, panel),
            };
        }
    }

    /// Computes neighbouring columns of `O` channels.
    #[inline(always)]
    fn columns<S: Simd, const O: usize>(
        &mut self,
        simd: S,
        h: usize,
        w: usize,
        columns: usize,
        o: usize,
        panel: Panel<'_, T>,
    ) {
        match columns {
            4 => self.tile::<S, 4, O>(simd, h, w, o, panel),
            2 => self.tile::<S, 2, O>(simd, h, w, o, panel),
            _ => self.tile::<S, 1, O>(simd, h, w, o, panel),
        };
    }

    /// Computes `W` neighbouring columns of `O` channels in registers. Returns `O`.
    #[inline(always)]
    fn tile<S: Simd, const W: usize, const O: usize>(
        &mut self,
        simd: S,
        h: usize,
        w: usize,
        o: usize,
        panel: Panel<'_, T>,
    ) -> usize {
        let [inputs, out] = self.channels;
        let run = self.kernel_size[1] * inputs;
        let column = self.stride[1] * inputs;
        let y_at = (h * self.y_size[1] + w) * out + o;
        for part in 0..parts::<T, S>() {
            let mut sums = [[T::splat(simd, T::zero()); O]; W];
            match self.start {
                Start::Zero => {}
                Start::Bias(bias) => {
                    let bias = &bias[o..o + O];
                    for row in &mut sums {
                        for (sum, &bias) in row.iter_mut().zip(bias) {
                            *sum = T::splat(simd, bias);
                        }
                    }
                }
                Start::Accumulate => {
                    for (j, row) in sums.iter_mut().enumerate() {
                        for (sum, y) in row.iter_mut().zip(&self.y[y_at + j * out..][..O]) {
                            *sum = y.part::<S>(part);
                        }
                    }
                }
            }
            for k in 0..self.kernel_size[0] {
                let at = ((h * self.stride[0] + k) * self.x_width + w * self.stride[1]) * inputs;
                let x: [&[Lane<T>]; W] = std::array::from_fn(|j| &self.x[at + j * column..][..run]);
                for r in 0..run {
                    let weights = &panel.numbers[(k * run + r) * panel.step..][..O];
                    let x: [T::Vector<S>; W] = std::array::from_fn(|j| x[j][r].part::<S>(part));
                    for (o, &weight) in weights.iter().enumerate() {
                        let weight = T::splat(simd, weight);
                        for (row, &x) in sums.iter_mut().zip(&x) {
                            row[o] = T::fma(simd, x, weight, row[o]);
                        }
                    }
                }
            }
            for (j, row) in sums.iter().enumerate() {
                for (y, &sum) in self.y[y_at + j * out..][..O].iter_mut().zip(row) {
                    y.set_part::<S>(part, sum);
                }
            }
        }
        O
    }
}
