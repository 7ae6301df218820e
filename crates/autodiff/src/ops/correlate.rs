//! Cross-correlation of a padded feature map with a bank of kernels, used by conv2d's forward, vjp to the input and
//! jvp.

use super::padded_rows::PaddedRows;
use crate::Scalar;
use crate::lane::Lane;
use crate::lane::registers::parts;
use crate::simd::VectorKernel;
use pulp::Simd;
use smallvec::SmallVec;

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
    pub x: PaddedRows<'a, T>,
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
    /// Space for the rows of the padded input that a row of the output reads.
    pub rows: &'a mut Vec<Lane<T>>,
}

/// A row of the kernel, and the row of the padded input that it meets.
#[derive(Clone, Copy)]
struct Met<'a, T> {
    /// The row of the kernel.
    k: usize,
    x: &'a [Lane<T>],
}

/// Output channels of a panel.
const PANEL: usize = 4;

/// Kernels of some output channels: weight r of channel `first + j` is `numbers[r · step + j]`.
#[derive(Clone, Copy)]
struct Panel<'a, T> {
    numbers: &'a [T],
    step: usize,
    first: usize,
}

/// The largest part of the input, in bytes, that stays in the first-level cache while several panels pass over it.
const RESIDENT: usize = 24 << 10;

impl<T: Scalar> VectorKernel for Correlate<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let (x, [height, width], slots) = (self.x, self.y_size, self.kernel_size[0]);
        let mut panels = std::mem::take(self.panels);
        let mut rows = std::mem::take(self.rows);
        if height * width > 1 {
            self.pack(self.channels[1] / PANEL * PANEL, &mut panels);
        }
        let (whole, row_lanes) = (x.unpadded(), x.row_lanes());
        if whole.is_none() {
            rows.resize(slots * row_lanes, Lane::zero());
        }
        // A row that two rows of the output read is written once, and rows of zeros are not read.
        let mut ready = 0;
        for h in 0..height {
            let first = h * self.stride[0];
            if whole.is_none() {
                for row in ready.max(first)..first + slots {
                    if x.source(row).is_some() {
                        x.write(row, &mut rows[row % slots * row_lanes..][..row_lanes]);
                    }
                }
                ready = first + slots;
            }
            // Rows of zeros are left out. Kernels of up to eight rows need no allocation.
            let met: SmallVec<[Met<'_, T>; 8]> = (0..slots)
                .filter(|k| x.source(first + k).is_some())
                .map(|k| match whole {
                    Some(rows) => Met { k, x: &rows[(first + k) * row_lanes..][..row_lanes] },
                    None => Met { k, x: &rows[(first + k) % slots * row_lanes..][..row_lanes] },
                })
                .collect();
            if height * width == 1 {
                self.one_place(simd, &met);
            } else {
                self.row(simd, &met, h, &panels);
            }
        }
        *self.panels = panels;
        *self.rows = rows;
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
    /// Computes a row of the output.
    #[inline(always)]
    fn row<S: Simd>(&mut self, simd: S, met: &[Met<'_, T>], h: usize, panels: &[T]) {
        let (out, weights) = (self.channels[1], self.weights());
        let (whole, single) = (out / PANEL, out % PANEL);
        let tiles = Columns { width: self.y_size[1], most: if S::REGISTER_COUNT >= 32 { 4 } else { 2 } };
        let read = self.kernel_size[0] * (3 * self.stride[1] + self.kernel_size[1]) * self.channels[0];
        let resident = read * size_of::<Lane<T>>() <= RESIDENT;
        // The input of a tile passes all panels, or a panel passes all tiles: the smaller one stays in the cache.
        let (outer, inner) = if resident { (tiles.count(), whole + single) } else { (whole + single, tiles.count()) };
        for i in 0..outer {
            for j in 0..inner {
                let (tile, panel) = if resident { (i, j) } else { (j, i) };
                let (w, columns) = tiles.tile(tile);
                if panel < whole {
                    let numbers = &panels[panel * PANEL * weights..][..PANEL * weights];
                    let panel = Panel { numbers, step: PANEL, first: panel * PANEL };
                    self.columns::<S, PANEL>(simd, met, h, w, columns, panel);
                } else {
                    let first = whole * PANEL + panel - whole;
                    let panel = Panel { numbers: &panels[first * weights..][..weights], step: 1, first };
                    self.columns::<S, 1>(simd, met, h, w, columns, panel);
                }
            }
        }
    }

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
    fn one_place<S: Simd>(&mut self, simd: S, met: &[Met<'_, T>]) {
        let out = self.channels[1];
        let mut o = 0;
        while o < out {
            let panel = Panel { numbers: &self.kernel[o..], step: out, first: o };
            o += match out - o {
                16.. if S::REGISTER_COUNT >= 32 => self.tile::<S, 1, 16>(simd, met, 0, 0, panel),
                8.. => self.tile::<S, 1, 8>(simd, met, 0, 0, panel),
                4.. => self.tile::<S, 1, 4>(simd, met, 0, 0, panel),
                _ => self.tile::<S, 1, 1>(simd, met, 0, 0, panel),
            };
        }
    }

    /// Computes neighbouring columns of `O` channels.
    #[inline(always)]
    fn columns<S: Simd, const O: usize>(
        &mut self,
        simd: S,
        met: &[Met<'_, T>],
        h: usize,
        w: usize,
        columns: usize,
        panel: Panel<'_, T>,
    ) {
        match columns {
            4 => self.tile::<S, 4, O>(simd, met, h, w, panel),
            2 => self.tile::<S, 2, O>(simd, met, h, w, panel),
            _ => self.tile::<S, 1, O>(simd, met, h, w, panel),
        };
    }

    /// Computes `W` neighbouring columns of `O` channels in registers. Returns `O`.
    #[inline(always)]
    fn tile<S: Simd, const W: usize, const O: usize>(
        &mut self,
        simd: S,
        met: &[Met<'_, T>],
        h: usize,
        w: usize,
        panel: Panel<'_, T>,
    ) -> usize {
        let ([inputs, out], o) = (self.channels, panel.first);
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
            for &Met { k, x } in met {
                let x = &x[w * column..];
                let x: [&[Lane<T>]; W] = std::array::from_fn(|j| &x[j * column..][..run]);
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
