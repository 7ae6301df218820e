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

/// Output channels of a panel. Registers hold the sums of a panel at a few neighbouring columns.
const PANEL: usize = 4;

/// Output channels of a wide panel, where there are registers for it. With more channels, each entry of the input is read less
/// often, and the input of a wide layer comes from the second-level cache.
const WIDE_PANEL: usize = 8;

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
            self.pack(Panels::of::<S>(self.channels[1]), &mut panels);
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

/// The panels of the output channels: wide ones first, then narrow ones, then single channels.
#[derive(Clone, Copy)]
struct Panels {
    wide: usize,
    narrow: usize,
    single: usize,
}

impl Panels {
    #[inline(always)]
    fn of<S: Simd>(channels: usize) -> Self {
        let wide = if S::REGISTER_COUNT >= 32 { channels / WIDE_PANEL } else { 0 };
        let rest = channels - wide * WIDE_PANEL;
        Self { wide, narrow: rest / PANEL, single: rest % PANEL }
    }

    /// The number of panels.
    #[inline(always)]
    fn count(self) -> usize {
        self.wide + self.narrow + self.single
    }

    /// The first channel and the number of channels of a panel.
    #[inline(always)]
    fn channels(self, panel: usize) -> (usize, usize) {
        let (wide, narrow) = (self.wide * WIDE_PANEL, self.narrow * PANEL);
        match panel.checked_sub(self.wide) {
            None => (panel * WIDE_PANEL, WIDE_PANEL),
            Some(panel) if panel < self.narrow => (wide + panel * PANEL, PANEL),
            Some(panel) => (wide + narrow + panel - self.narrow, 1),
        }
    }
}

/// The tiles of a row: as many of `most` columns as fit, and then smaller ones.
#[derive(Clone, Copy)]
struct Columns {
    width: usize,
    /// From 2 to 4.
    most: usize,
}

impl Columns {
    /// The number of tiles of `most` columns. Of tiles of three, one is left out if a single column would remain.
    #[inline(always)]
    fn whole(self) -> usize {
        let whole = self.width / self.most;
        if self.most == 3 && self.width % 3 == 1 { whole.saturating_sub(1) } else { whole }
    }

    /// The tile from column `w` on: its number of columns.
    #[inline(always)]
    fn columns(self, w: usize) -> usize {
        if w < self.whole() * self.most {
            return self.most;
        }
        if self.width - w >= 2 { 2 } else { 1 }
    }
}

impl<T: Scalar> Correlate<'_, T> {
    /// Computes a row of the output.
    #[inline(always)]
    fn row<S: Simd>(&mut self, simd: S, met: &[Met<'_, T>], h: usize, panels: &[T]) {
        let all = Panels::of::<S>(self.channels[1]);
        let read = self.kernel_size[0] * (3 * self.stride[1] + self.kernel_size[1]) * self.channels[0];
        // The input of a tile passes all wide panels, or a panel passes all tiles: the smaller one stays in the cache.
        if read * size_of::<Lane<T>>() > RESIDENT {
            for panel in 0..all.count() {
                self.panel_of_row(simd, met, h, panels, all.channels(panel), [0, self.y_size[1]]);
            }
            return;
        }
        // Panels of one kind have the same tiles.
        for kind in [0..all.wide, all.wide..all.wide + all.narrow, all.wide + all.narrow..all.count()] {
            let Some(tiles) = kind.clone().next().map(|first| self.tiles::<S>(all.channels(first).1)) else { continue };
            let mut w = 0;
            while w < tiles.width {
                let columns = tiles.columns(w);
                for panel in kind.clone() {
                    self.panel_of_row(simd, met, h, panels, all.channels(panel), [w, w + columns]);
                }
                w += columns;
            }
        }
    }

    /// The tiles of a panel with this many channels.
    #[inline(always)]
    fn tiles<S: Simd>(&self, channels: usize) -> Columns {
        let most = match channels {
            WIDE_PANEL => 3,
            _ if S::REGISTER_COUNT >= 32 => 4,
            _ => 2,
        };
        Columns { width: self.y_size[1], most }
    }

    /// Computes the columns `from..to` of a row for the channels of a panel.
    #[inline(always)]
    fn panel_of_row<S: Simd>(
        &mut self,
        simd: S,
        met: &[Met<'_, T>],
        h: usize,
        panels: &[T],
        (first, channels): (usize, usize),
        [from, to]: [usize; 2],
    ) {
        let weights = self.weights();
        let numbers = &panels[first * weights..][..channels * weights];
        let (panel, tiles) = (Panel { numbers, step: channels, first }, self.tiles::<S>(channels));
        let mut w = from;
        while w < to {
            let columns = tiles.columns(w);
            match (channels, columns) {
                (WIDE_PANEL, 3) => self.tile::<S, 3, WIDE_PANEL>(simd, met, h, w, panel),
                (WIDE_PANEL, 2) => self.tile::<S, 2, WIDE_PANEL>(simd, met, h, w, panel),
                (WIDE_PANEL, _) => self.tile::<S, 1, WIDE_PANEL>(simd, met, h, w, panel),
                (PANEL, 4) => self.tile::<S, 4, PANEL>(simd, met, h, w, panel),
                (PANEL, 2) => self.tile::<S, 2, PANEL>(simd, met, h, w, panel),
                (PANEL, _) => self.tile::<S, 1, PANEL>(simd, met, h, w, panel),
                (_, 4) => self.tile::<S, 4, 1>(simd, met, h, w, panel),
                (_, 2) => self.tile::<S, 2, 1>(simd, met, h, w, panel),
                (_, _) => self.tile::<S, 1, 1>(simd, met, h, w, panel),
            }
            w += columns;
        }
    }

    /// The number of weights of an output channel.
    #[inline(always)]
    fn weights(&self) -> usize {
        self.kernel_size[0] * self.kernel_size[1] * self.channels[0]
    }

    /// Writes the kernels as panels.
    #[inline(always)]
    fn pack(&self, all: Panels, panels: &mut Vec<T>) {
        panels.clear();
        for (first, channels) in (0..all.count()).map(|panel| all.channels(panel)) {
            for weights in self.kernel.chunks_exact(self.channels[1]) {
                panels.extend_from_slice(&weights[first..first + channels]);
            }
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
            let channels = match out - o {
                16.. if S::REGISTER_COUNT >= 32 => 16,
                8.. => 8,
                4.. => 4,
                _ => 1,
            };
            match channels {
                16 => self.tile::<S, 1, 16>(simd, met, 0, 0, panel),
                8 => self.tile::<S, 1, 8>(simd, met, 0, 0, panel),
                4 => self.tile::<S, 1, 4>(simd, met, 0, 0, panel),
                _ => self.tile::<S, 1, 1>(simd, met, 0, 0, panel),
            }
            o += channels;
        }
    }

    /// Computes `W` neighbouring columns of `O` channels in registers.
    #[inline(always)]
    fn tile<S: Simd, const W: usize, const O: usize>(
        &mut self,
        simd: S,
        met: &[Met<'_, T>],
        h: usize,
        w: usize,
        panel: Panel<'_, T>,
    ) {
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
    }
}
