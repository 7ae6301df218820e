//! Cross-correlation with 3 × 3 kernels, tile by tile.

use super::tiles::{Placed, READ, SIDE, Tiles, places_mut};
use super::transforms;
use crate::Scalar;
use crate::lane::registers::parts;
use crate::lane::{LANES, Lane};
use crate::ops::Write;
use crate::ops::padded_rows::PaddedRows;
use crate::simd::VectorKernel;
use pulp::Simd;

/// `y[h, w, o] ← start + Σ_{k, l, i} x[h + k, w + l, i] · kernel[k, l, i, o]`, with 3 × 3 kernels.
pub(super) struct TiledCorrelate<'a, T> {
    /// Padded input `(height, width, in)`, with at least `tiles.columns()` columns.
    pub x: PaddedRows<'a, T>,
    /// The transforms of the kernels, `(4, 4, panels, in)` with 16 output channels in the lanes.
    pub kernels: &'a [Lane<T>],
    /// Output channels.
    pub out: usize,
    /// Whether the outputs are overwritten or added to.
    pub write: Write,
    /// Output `(height, width, out)`.
    pub y: &'a mut [Lane<T>],
    /// The tiles of the output.
    pub tiles: Tiles,
    /// Space for the rows of the padded input that a strip reads.
    pub rows: &'a mut Vec<Lane<T>>,
    /// Space for a group's transformed inputs `(4, tiles, in)`.
    pub transformed: &'a mut Vec<Lane<T>>,
    /// Space for a group's products `(4, tiles, out)`.
    pub products: &'a mut Vec<Lane<T>>,
}

/// Input channels whose products are added up in registers. Their inputs stay in the first-level cache.
const CHUNK: usize = 64;

/// Output channels of a register tile.
const PANEL: usize = 4;

impl<T: Scalar> VectorKernel for TiledCorrelate<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let (x, tiles, row_lanes) = (self.x, self.tiles, self.x.row_lanes());
        let (slots, strip) = (tiles.slots(), tiles.strip());
        let mut rows = std::mem::take(self.rows);
        rows.resize(slots * row_lanes, Lane::zero());
        self.transformed.resize(READ * self.input_lanes(), Lane::zero());
        self.products.resize(READ * self.output_lanes(), Lane::zero());
        let mut ready = 0;
        for first in (0..tiles.down()).step_by(strip) {
            let end = tiles.down().min(first + strip);
            for row in ready.max(first * SIDE)..end * SIDE + READ - SIDE {
                x.write(row, &mut rows[row % slots * row_lanes..][..row_lanes]);
            }
            ready = end * SIDE + READ - SIDE;
            let last = end * tiles.across();
            for tile in (first * tiles.across()..last).step_by(tiles.group) {
                let count = tiles.group.min(last - tile);
                let placed = tiles.placed(tile, count);
                let group = &placed[..count];
                for a in 0..READ {
                    for (i, tile) in group.iter().enumerate() {
                        self.transform(simd, &rows, a, tile, i);
                    }
                    for b in 0..READ {
                        self.multiply(simd, a, b, count);
                    }
                    for (i, tile) in group.iter().enumerate() {
                        self.add(simd, a, tile, i);
                    }
                }
            }
        }
        *self.rows = rows;
    }
}

impl<T: Scalar> TiledCorrelate<'_, T> {
    /// Lanes from one place's transformed inputs to the next place's. One more than they are, so that the places do not
    /// share a few sets of the first-level cache.
    #[inline(always)]
    fn input_lanes(&self) -> usize {
        self.tiles.group * self.x.channels + 1
    }

    /// Lanes from one place's products to the next place's.
    #[inline(always)]
    fn output_lanes(&self) -> usize {
        self.tiles.group * self.out + 1
    }

    /// Transforms row a of the inputs of a tile, number i of its group.
    #[inline(always)]
    fn transform<S: Simd>(&mut self, simd: S, rows: &[Lane<T>], a: usize, tile: &Placed, i: usize) {
        let (channels, stride) = (self.x.channels, self.input_lanes());
        let (pair, factor) = transforms::INPUT_ROWS[a];
        let factor = transforms::factor::<T, S>(simd, factor);
        let [first, second] = pair.map(|row| {
            let at = tile.slots[row] * self.x.row_lanes() + tile.place[1] * channels;
            let (left, right) = rows[at..at + READ * channels].split_at(2 * channels);
            let (left, right) = (left.split_at(channels), right.split_at(channels));
            [left.0, left.1, right.0, right.1]
        });
        let to = places_mut(self.transformed, stride, i * channels, channels);
        for c in 0..channels {
            for part in 0..parts::<T, S>() {
                let mut d = [factor; READ];
                for (d, (first, second)) in d.iter_mut().zip(first.iter().zip(&second)) {
                    *d = T::fma(simd, second[c].part::<S>(part), factor, first[c].part::<S>(part));
                }
                let d = transforms::input_columns::<T, S>(simd, d);
                for b in 0..READ {
                    to[b][c].set_part::<S>(part, d[b]);
                }
            }
        }
    }

    /// Computes the products of place (a, b) of the first `count` tiles of a group.
    #[inline(always)]
    fn multiply<S: Simd>(&mut self, simd: S, a: usize, b: usize, count: usize) {
        let inputs = self.x.channels;
        for from in (0..inputs).step_by(CHUNK) {
            let chunk = [from, inputs.min(from + CHUNK)];
            let mut tile = 0;
            while tile < count {
                tile += match count - tile {
                    4.. if S::REGISTER_COUNT >= 32 => self.outputs::<S, 4>(simd, a, b, tile, chunk),
                    2.. => self.outputs::<S, 2>(simd, a, b, tile, chunk),
                    _ => self.outputs::<S, 1>(simd, a, b, tile, chunk),
                };
            }
        }
    }

    /// Adds the products of a chunk of the input channels for `W` tiles and all output channels. Returns `W`.
    #[inline(always)]
    fn outputs<S: Simd, const W: usize>(
        &mut self,
        simd: S,
        a: usize,
        b: usize,
        tile: usize,
        [from, end]: [usize; 2],
    ) -> usize {
        let (inputs, out, stride) = (self.x.channels, self.out, self.output_lanes());
        let x = &self.transformed[b * self.input_lanes() + tile * inputs..][..W * inputs];
        let mut chunks: [&[Lane<T>]; W] = [&[]; W];
        for (chunk, x) in chunks.iter_mut().zip(x.chunks_exact(inputs)) {
            *chunk = &x[from..end];
        }
        let panels = out.div_ceil(LANES);
        let kernels = &self.kernels[(a * READ + b) * panels * inputs..][..panels * inputs];
        let y = &mut self.products[b * stride + tile * out..][..W * out];
        for (panel, kernels) in kernels.chunks_exact(inputs).enumerate() {
            let (kernels, first) = (&kernels[from..end], panel * LANES);
            let mut o = first;
            while o < out.min(first + LANES) {
                let product = Product { x: chunks, kernels, first: o - first, add: from > 0 };
                o += match out - o {
                    PANEL.. => product.write::<S, PANEL>(simd, &mut y[o..], out),
                    _ => product.write::<S, 1>(simd, &mut y[o..], out),
                };
            }
        }
        W
    }

    /// Adds row a of the products of a tile, number i of its group, to its outputs.
    #[inline(always)]
    fn add<S: Simd>(&mut self, simd: S, a: usize, tile: &Placed, i: usize) {
        let (out, [height, width], stride) = (self.out, self.tiles.size, self.output_lanes());
        let [h, w] = tile.place;
        let mut products: [&[Lane<T>]; READ] = [&[]; READ];
        for (row, products) in products.iter_mut().zip(self.products.chunks(stride)) {
            *row = &products[i * out..][..out];
        }
        let columns = SIDE.min(width - w) * out;
        let (above, below) = self.y[(h * width + w) * out..].split_at_mut(columns);
        let below = if h + 1 < height { &mut below[width * out - columns..][..columns] } else { &mut [] };
        // Aᵀ: rows 0 to 2 make the first row of outputs, and row 1 less row 2 plus row 3 the second row. A row of outputs
        // is first written with the row of products of its own number.
        if a < READ - 1 {
            each::<T, S>(simd, products, above, a == 0 && self.write == Write::Store, false);
        }
        if a > 0 {
            each::<T, S>(simd, products, below, a == 1 && self.write == Write::Store, a == 2);
        }
    }
}

/// Products of some input channels of `W` tiles with their kernels.
struct Product<'a, T, const W: usize> {
    /// The transformed inputs of each tile.
    x: [&'a [Lane<T>]; W],
    /// The transformed kernels, with 16 output channels in the lanes.
    kernels: &'a [Lane<T>],
    /// The first of these output channels.
    first: usize,
    /// Whether the sums are added to the products in memory.
    add: bool,
}

impl<T: Scalar, const W: usize> Product<'_, T, W> {
    /// Computes `O` output channels of each tile, in registers. The tiles are `out` lanes apart in `y`. Returns `O`.
    #[inline(always)]
    fn write<S: Simd, const O: usize>(&self, simd: S, y: &mut [Lane<T>], out: usize) -> usize {
        let inputs = self.kernels.len();
        let mut x = self.x;
        for x in &mut x {
            *x = &x[..inputs];
        }
        // Loops of constant length stay in registers.
        for part in 0..parts::<T, S>() {
            let mut sums = [[T::splat(simd, T::zero()); O]; W];
            if self.add {
                for (j, row) in sums.iter_mut().enumerate() {
                    for (sum, y) in row.iter_mut().zip(&y[j * out..][..O]) {
                        *sum = y.part::<S>(part);
                    }
                }
            }
            for (r, weights) in self.kernels.iter().enumerate() {
                let weights = &weights.0[self.first..][..O];
                let x: [T::Vector<S>; W] = std::array::from_fn(|j| x[j][r].part::<S>(part));
                for (o, &weight) in weights.iter().enumerate() {
                    let weight = T::splat(simd, weight);
                    for (row, &x) in sums.iter_mut().zip(&x) {
                        row[o] = T::fma(simd, x, weight, row[o]);
                    }
                }
            }
            for (j, row) in sums.iter().enumerate() {
                for (y, &sum) in y[j * out..][..O].iter_mut().zip(row) {
                    y.set_part::<S>(part, sum);
                }
            }
        }
        O
    }
}

/// Writes a row of a tile's outputs, of one or two columns: `m A` of a row m of products, added to the outputs unless `store`,
/// and with its sign turned if `subtract`.
#[inline(always)]
fn each<T: Scalar, S: Simd>(simd: S, products: [&[Lane<T>]; READ], y: &mut [Lane<T>], store: bool, subtract: bool) {
    let out = products[0].len();
    let sign = T::splat(simd, if subtract { -T::one() } else { T::one() });
    let (left, right) = y.split_at_mut(out.min(y.len()));
    let [first, second, third, fourth] = products;
    for ((y, a), (b, c)) in left.iter_mut().zip(first).zip(second.iter().zip(third)) {
        for part in 0..parts::<T, S>() {
            let m = [a, b, c].map(|m| m.part::<S>(part));
            let sum = T::plus(simd, T::plus(simd, m[0], m[1]), m[2]);
            y.set_part::<S>(part, if store { sum } else { T::fma(simd, sum, sign, y.part::<S>(part)) });
        }
    }
    for ((y, b), (c, d)) in right.iter_mut().zip(second).zip(third.iter().zip(fourth)) {
        for part in 0..parts::<T, S>() {
            let m = [b, c, d].map(|m| m.part::<S>(part));
            let sum = T::plus(simd, T::minus(simd, m[0], m[1]), m[2]);
            y.set_part::<S>(part, if store { sum } else { T::fma(simd, sum, sign, y.part::<S>(part)) });
        }
    }
}
