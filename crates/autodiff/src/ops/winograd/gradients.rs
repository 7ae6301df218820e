//! Gradients of 3 × 3 kernels, summed over the samples, tile by tile.

use super::tiles::{Placed, READ, SIDE, Tiles, places_mut};
use super::transforms;
use crate::Scalar;
use crate::lane::registers::parts;
use crate::lane::transpose::{transpose, transpose_places};
use crate::lane::{LANES, Lane};
use crate::ops::padded_rows::PaddedRows;
use crate::simd::VectorKernel;
use pulp::Simd;

/// Adds `Σ_{h, w, s} x[h + k, w + l, i][s] · dy[h, w, o][s]` to `gradient[k, l, i, o]`, for samples s.
///
/// Every place of a tile is a matrix product over tiles and samples, with the input channels in the lanes. Every entry is a
/// sum in a fixed order: the samples of a tile, the tiles of a group, the groups.
pub(super) struct TiledGradients<'a, T> {
    /// Padded input `(height, width, in)`, with at least `tiles.columns()` columns.
    pub x: PaddedRows<'a, T>,
    /// Output channels.
    pub out: usize,
    /// Cotangents `(height, width, out)`.
    pub dy: &'a [Lane<T>],
    /// The tiles of the output.
    pub tiles: Tiles,
    /// Gradient `(3, 3, in, out)`.
    pub gradient: &'a mut [T],
    /// Space for a row of the padded input.
    pub row: &'a mut Vec<Lane<T>>,
    /// Space for the rows of the padded input that a strip reads, each `(panels, width, samples)` with 16 channels in the
    /// lanes.
    pub rows: &'a mut Vec<Lane<T>>,
    /// Space for a group's transformed inputs `(4, panels, tiles, samples)`.
    pub inputs: &'a mut Vec<Lane<T>>,
    /// Space for a group's transformed cotangents `(4, tiles, out)`.
    pub cotangents: &'a mut Vec<Lane<T>>,
    /// Space for the sums `(4, 4, out, panels)`.
    pub sums: &'a mut Vec<Lane<T>>,
}

/// Rows and columns of a kernel.
const TAPS: usize = 3;

impl<T: Scalar> VectorKernel for TiledGradients<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let (x, tiles, row_lanes) = (self.x, self.tiles, self.panels() * self.x.width * LANES);
        let (slots, strip) = (tiles.slots(), tiles.strip());
        let mut rows = std::mem::take(self.rows);
        rows.resize(slots * row_lanes, Lane::zero());
        self.row.resize(x.row_lanes(), Lane::zero());
        self.inputs.resize(READ * self.input_lanes(), Lane::zero());
        self.cotangents.resize(READ * self.cotangent_lanes(), Lane::zero());
        self.sums.clear();
        self.sums.resize(READ * READ * self.out * self.panels(), Lane::zero());
        let mut ready = 0;
        for first in (0..tiles.down()).step_by(strip) {
            let end = tiles.down().min(first + strip);
            for row in ready.max(first * SIDE)..end * SIDE + READ - SIDE {
                let to = &mut rows[row % slots * row_lanes..][..row_lanes];
                if x.source(row).is_some() {
                    x.write(row, self.row);
                    transpose_places(self.row, x.channels, to);
                } else {
                    to.fill(Lane::zero());
                }
            }
            ready = end * SIDE + READ - SIDE;
            let last = end * tiles.across();
            for tile in (first * tiles.across()..last).step_by(tiles.group) {
                let count = tiles.group.min(last - tile);
                let placed = tiles.placed(tile, count);
                for a in 0..READ {
                    for (i, tile) in placed[..count].iter().enumerate() {
                        self.transform_input(simd, &rows, a, tile, i);
                        self.transform_cotangent(simd, a, tile, i);
                    }
                    for b in 0..READ {
                        self.multiply(simd, a, b, count);
                    }
                }
            }
        }
        *self.rows = rows;
        self.write(simd);
    }
}

impl<T: Scalar> TiledGradients<'_, T> {
    /// Panels of 16 input channels.
    #[inline(always)]
    fn panels(&self) -> usize {
        self.x.channels.div_ceil(LANES)
    }

    /// Lanes from one place's transformed inputs to the next place's. One more than they are, so that the places do not
    /// share a few sets of the first-level cache.
    #[inline(always)]
    fn input_lanes(&self) -> usize {
        self.tiles.group * LANES * self.panels() + 1
    }

    /// Lanes from one tile's transformed cotangents to the next tile's: one more than they are, as above.
    #[inline(always)]
    fn tile_lanes(&self) -> usize {
        self.out + 1
    }

    /// Lanes from one place's transformed cotangents to the next place's.
    #[inline(always)]
    fn cotangent_lanes(&self) -> usize {
        self.tiles.group * self.tile_lanes() + 1
    }

    /// Transforms row a of the inputs of a tile, number i of its group.
    #[inline(always)]
    fn transform_input<S: Simd>(&mut self, simd: S, rows: &[Lane<T>], a: usize, tile: &Placed, i: usize) {
        let (width, panels, stride) = (self.x.width, self.panels(), self.input_lanes());
        let (pair, factor) = transforms::INPUT_ROWS[a];
        let factor = transforms::factor::<T, S>(simd, factor);
        for panel in 0..panels {
            let [first, second] = pair.map(|row| {
                let at = (tile.slots[row] * panels + panel) * width + tile.place[1];
                &rows[at * LANES..(at + READ) * LANES]
            });
            let mut to = places_mut(self.inputs, stride, (panel * self.tiles.group + i) * LANES, LANES);
            for s in 0..LANES {
                for part in 0..parts::<T, S>() {
                    let mut d = [factor; READ];
                    for (column, d) in d.iter_mut().enumerate() {
                        let at = column * LANES + s;
                        *d = T::fma(simd, second[at].part::<S>(part), factor, first[at].part::<S>(part));
                    }
                    let d = transforms::input_columns::<T, S>(simd, d);
                    for (to, d) in to.iter_mut().zip(d) {
                        to[s].set_part::<S>(part, d);
                    }
                }
            }
        }
    }

    /// Transforms row a of the cotangents of a tile, number i of its group.
    #[inline(always)]
    fn transform_cotangent<S: Simd>(&mut self, simd: S, a: usize, tile: &Placed, i: usize) {
        let (out, [height, width], stride) = (self.out, self.tiles.size, self.cotangent_lanes());
        let [h, w] = tile.place;
        let factors = transforms::COTANGENT_ROWS[a].map(|factor| transforms::factor::<T, S>(simd, factor));
        let at = i * self.tile_lanes();
        let mut to = places_mut(self.cotangents, stride, at, out);
        let first = &self.dy[(h * width + w) * out..][..SIDE.min(width - w) * out];
        let second = if h + 1 < height { &self.dy[((h + 1) * width + w) * out..][..first.len()] } else { &[] };
        if second.len() == SIDE * out {
            let ((top, top_right), (bottom, bottom_right)) = (first.split_at(out), second.split_at(out));
            let columns = [[top, bottom], [top_right, bottom_right]];
            for o in 0..out {
                for part in 0..parts::<T, S>() {
                    let dy = columns.map(|[first, second]| [first[o].part::<S>(part), second[o].part::<S>(part)]);
                    put(simd, factors, dy, &mut to, o, part);
                }
            }
        } else {
            // A number beyond the edge is 0.
            let zero = Lane::zero();
            for o in 0..out {
                for part in 0..parts::<T, S>() {
                    let dy =
                        [o, out + o].map(|at| [first, second].map(|row| row.get(at).unwrap_or(&zero).part::<S>(part)));
                    put(simd, factors, dy, &mut to, o, part);
                }
            }
        }
    }

    /// Adds the products of place (a, b) of the first `count` tiles of a group.
    #[inline(always)]
    fn multiply<S: Simd>(&mut self, simd: S, a: usize, b: usize, count: usize) {
        let many = S::REGISTER_COUNT >= 32;
        let mut panel = 0;
        while panel < self.panels() {
            panel += match (many, self.panels() - panel) {
                (true, 1) => self.outputs::<S, 1, 16>(simd, a, b, count, panel),
                (true, _) => self.outputs::<S, 2, 8>(simd, a, b, count, panel),
                (false, 1) => self.outputs::<S, 1, 8>(simd, a, b, count, panel),
                (false, _) => self.outputs::<S, 2, 4>(simd, a, b, count, panel),
            };
        }
    }

    /// Adds to `V` panels of all output channels, `R` channels at a time. Returns `V`.
    #[inline(always)]
    fn outputs<S: Simd, const V: usize, const R: usize>(
        &mut self,
        simd: S,
        a: usize,
        b: usize,
        count: usize,
        panel: usize,
    ) -> usize {
        let mut o = 0;
        while o < self.out {
            o += match self.out - o {
                left if left >= R => self.tile::<S, V, R>(simd, a, b, count, panel, o),
                4.. => self.tile::<S, V, 4>(simd, a, b, count, panel, o),
                _ => self.tile::<S, V, 1>(simd, a, b, count, panel, o),
            };
        }
        V
    }

    /// Adds to `V` ≤ 2 panels of `R` output channels, in registers. Returns `R`.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "loops of constant length stay in registers, iterators do not")]
    fn tile<S: Simd, const V: usize, const R: usize>(
        &mut self,
        simd: S,
        a: usize,
        b: usize,
        count: usize,
        panel: usize,
        o: usize,
    ) -> usize {
        let (out, panels, panel_lanes) = (self.out, self.panels(), self.tiles.group * LANES);
        let samples = count * LANES;
        // The first panel's samples, and those of a second one.
        let x = &self.inputs[b * self.input_lanes() + panel * panel_lanes..][..(V - 1) * panel_lanes + samples];
        let dy = &self.cotangents[b * self.cotangent_lanes()..][..count * self.tile_lanes()];
        let tile_lanes = self.tile_lanes();
        let to = &mut self.sums[((a * READ + b) * out + o) * panels + panel..][..(R - 1) * panels + V];
        for part in 0..parts::<T, S>() {
            let mut sums = [[T::splat(simd, T::zero()); V]; R];
            let tiles = x.windows((V - 1) * panel_lanes + LANES).step_by(LANES);
            for (x, dy) in tiles.zip(dy.chunks_exact(tile_lanes)) {
                let dy = &dy[o..o + R];
                let (Some(first), Some(last)) = (x.first_chunk::<LANES>(), x.last_chunk::<LANES>()) else { continue };
                let x = [first, last];
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
            for r in 0..R {
                for v in 0..V {
                    let to = &mut to[r * panels + v];
                    let sum = T::plus(simd, to.part::<S>(part), sums[r][v]);
                    to.set_part::<S>(part, sum);
                }
            }
        }
        R
    }

    /// Transforms the sums, and adds them to the gradient with the output channels side by side.
    #[inline(always)]
    fn write<S: Simd>(&mut self, simd: S) {
        let (inputs, out, panels) = (self.x.channels, self.out, self.panels());
        for first in (0..out).step_by(LANES) {
            let outputs = LANES.min(out - first);
            for panel in 0..panels {
                let mut blocks = [[Lane::zero(); LANES]; TAPS * TAPS];
                for o in 0..outputs {
                    let mut sums = [Lane::zero(); READ * READ];
                    for (sum, place) in sums.iter_mut().zip(self.sums.chunks_exact(out * panels)) {
                        *sum = place[(first + o) * panels + panel];
                    }
                    for part in 0..parts::<T, S>() {
                        let mut rows = [[T::splat(simd, T::zero()); TAPS]; READ];
                        for (row, m) in rows.iter_mut().zip(sums.as_chunks::<READ>().0) {
                            *row = transforms::kernel_gradient::<T, S>(simd, m.map(|m| m.part::<S>(part)));
                        }
                        for l in 0..TAPS {
                            let column = [rows[0][l], rows[1][l], rows[2][l], rows[3][l]];
                            let column = transforms::kernel_gradient::<T, S>(simd, column);
                            for (k, number) in column.into_iter().enumerate() {
                                blocks[k * TAPS + l][o].set_part::<S>(part, number);
                            }
                        }
                    }
                }
                let input = panel * LANES;
                for (tap, block) in blocks.iter_mut().enumerate() {
                    transpose(block);
                    for (i, sums) in block[..LANES.min(inputs - input)].iter().enumerate() {
                        let to = &mut self.gradient[(tap * inputs + input + i) * out + first..][..outputs];
                        to.iter_mut().zip(sums.0).for_each(|(to, sum)| *to += sum);
                    }
                }
            }
        }
    }
}

/// Writes number `o` of the four places of a row of a tile, from the cotangents of its two columns.
#[inline(always)]
fn put<T: Scalar, S: Simd>(
    simd: S,
    factors: [T::Vector<S>; SIDE],
    columns: [[T::Vector<S>; SIDE]; SIDE],
    to: &mut [&mut [Lane<T>]; READ],
    o: usize,
    part: usize,
) {
    let [left, right] = columns.map(|dy| T::fma(simd, dy[1], factors[1], T::times(simd, dy[0], factors[0])));
    let (sum, difference) = (T::plus(simd, left, right), T::minus(simd, left, right));
    to[0][o].set_part::<S>(part, left);
    to[1][o].set_part::<S>(part, sum);
    to[2][o].set_part::<S>(part, difference);
    to[3][o].set_part::<S>(part, right);
}
