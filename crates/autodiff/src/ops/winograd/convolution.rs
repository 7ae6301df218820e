//! The reverse pass of a convolution in tiles, and the convolutions that have it.

use super::correlate::TiledCorrelate;
use super::gradients::TiledGradients;
use super::kernels::TurnedKernels;
use super::tiles::{SIDE, Tiles};
use crate::Scalar;
use crate::lane::{LANES, Lane};
use crate::ops::conv2d_geometry::Conv2d;
use crate::ops::padded_rows::PaddedRows;
use crate::ops::{Scratch, Write};
use crate::simd::vectorize;
use minima_faults::{Fault, planted};

impl Conv2d {
    /// Whether the reverse pass of this convolution on a map of this height and width is faster in tiles. It depends on the
    /// shape alone.
    pub(in crate::ops) fn in_tiles(&self, size: [usize; 2]) -> bool {
        let spec = &self.spec;
        let of_tiles = spec.kernel == [3, 3] && spec.stride == [1, 1] && spec.dilation == [1, 1] && spec.groups == 1;
        // With 16 channels, the transforms take the time that the multiplications save.
        let wide = self.input[2].min(spec.features) >= 2 * LANES;
        // A tile takes the time of less than three entries of the map.
        let tiles = size[0].div_ceil(SIDE) * size[1].div_ceil(SIDE);
        of_tiles && wide && 3 * tiles <= size[0] * size[1]
    }

    /// The vjp to the input in tiles, with a kernel `(3, 3, in, out)`.
    pub(in crate::ops) fn tiled_vjp_input<T: Scalar>(
        &self,
        kernel: &[T],
        dy: &[Lane<T>],
        dx: &mut [Lane<T>],
        write: Write,
        scratch: &mut Scratch<T>,
    ) {
        let tiles = Tiles::new([self.input[0], self.input[1]], [self.input[2], self.output[2]]);
        vectorize(TurnedKernels { kernel, channels: [self.input[2], self.output[2]], to: &mut scratch.kernels });
        if planted(Fault::ConvolutionSign) {
            scratch.kernels.iter_mut().for_each(|lane| *lane = lane.map(|w| -w));
        }
        vectorize(TiledCorrelate {
            x: PaddedRows { width: tiles.columns(), ..self.spread_rows(dy) },
            kernels: &scratch.kernels,
            out: self.input[2],
            write,
            y: dx,
            tiles,
            rows: &mut scratch.rows,
            transformed: &mut scratch.tiles,
            products: &mut scratch.products,
        });
    }

    /// Adds the gradient of the kernel `(3, 3, in, out)`, summed over the samples, in tiles.
    pub(in crate::ops) fn tiled_gradients<T: Scalar>(
        &self,
        x: &[Lane<T>],
        dy: &[Lane<T>],
        gradient: &mut [T],
        scratch: &mut Scratch<T>,
    ) {
        let tiles = Tiles::new([self.output[0], self.output[1]], [self.input[2], self.output[2]]);
        vectorize(TiledGradients {
            x: PaddedRows { width: tiles.columns(), ..self.padded_rows(x) },
            out: self.output[2],
            dy,
            tiles,
            gradient,
            row: &mut scratch.rows,
            rows: &mut scratch.transposed,
            inputs: &mut scratch.tiles,
            cotangents: &mut scratch.products,
            sums: &mut scratch.sums,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::{Conv2dSpec, Padding};

    /// Random numbers in [-1, 1), from a linear congruential generator.
    fn numbers(state: &mut u64) -> f64 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    fn lanes(count: usize, state: &mut u64) -> Vec<Lane<f64>> {
        (0..count).map(|_| Lane(std::array::from_fn(|_| numbers(state)))).collect()
    }

    fn magnitudes(lanes: &[Lane<f64>]) -> Vec<Lane<f64>> {
        lanes.iter().map(|lane| lane.map(f64::abs)).collect()
    }

    fn single(lanes: &[Lane<f64>]) -> Vec<Lane<f32>> {
        lanes.iter().map(|lane| Lane(lane.0.map(|x| x as f32))).collect()
    }

    fn flat<T: Scalar>(lanes: &[Lane<T>]) -> Vec<f64> {
        lanes.iter().flat_map(|lane| lane.0.map(Scalar::as_f64)).collect()
    }

    fn largest(numbers: &[f64]) -> f64 {
        numbers.iter().fold(0.0, |largest, x| x.abs().max(largest))
    }

    fn assert_near(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
        assert_eq!(found.len(), expected.len());
        for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
            assert!((found - expected).abs() <= tolerance, "{what}: number {at} is {found:e}, expected {expected:e}");
        }
    }

    /// Rounding of either result, relative to the largest sum of absolute products.
    ///
    /// A number of Bᵀ d B is at most 4 times the largest input, a number of G g Gᵀ at most 9/4 times the largest weight, and
    /// an output has nine products: the sums in between are up to 9 times as large as those of the definition, on average
    /// over the samples far less. A sum of n = 70 products in a fixed order has an error of about √n roundings: 9 · 9 of
    /// them. With 2⁻⁵³ = 1.1e-16 and 2⁻²⁴ = 6e-8, these are 1e-14 and 5e-6.
    const WIDE: f64 = 1e-13;
    const NARROW: f64 = 1e-5;

    /// Tiles against the definition.
    fn compare(size: [usize; 2], channels: [usize; 2], low: [usize; 2], high: [usize; 2]) {
        let spec = Conv2dSpec { padding: Padding::Explicit { low, high }, ..Conv2dSpec::same(channels[1], 3) };
        let Some(conv) = Conv2d::new(spec, [size[0], size[1], channels[0]]) else {
            panic!("no convolution of {size:?} with borders {low:?}, {high:?}");
        };
        let what = format!("{size:?}, channels {channels:?}, borders {low:?}, {high:?}");
        let mut state = (size[0] + 100 * size[1] + 10_000 * channels[0] + 1_000_000 * channels[1]) as u64;
        let state = &mut state;
        let kernel: Vec<f64> = (0..9 * channels[0] * channels[1]).map(|_| numbers(state)).collect();
        let x = lanes(conv.input.iter().product(), state);
        let dy = lanes(conv.output.iter().product(), state);
        let before = lanes(x.len(), state);
        let scratch = &mut Scratch::default();

        let absolute: Vec<f64> = kernel.iter().map(|w| w.abs()).collect();
        let mut sums = before.clone();
        conv.direct_vjp_input(&absolute, &magnitudes(&dy), &mut sums, Write::Store, scratch);
        let scale = 1.0 + largest(&flat(&sums));
        for write in [Write::Store, Write::Add] {
            let (mut direct, mut tiled) = (before.clone(), before.clone());
            conv.direct_vjp_input(&kernel, &dy, &mut direct, write, scratch);
            conv.tiled_vjp_input(&kernel, &dy, &mut tiled, write, scratch);
            assert_near(&format!("{what}, vjp, {write:?}"), &flat(&tiled), &flat(&direct), WIDE * scale);

            let kernel: Vec<f32> = kernel.iter().map(|&w| w as f32).collect();
            let mut tiled = single(&before);
            conv.tiled_vjp_input(&kernel, &single(&dy), &mut tiled, write, &mut Scratch::default());
            assert_near(&format!("{what}, vjp in f32, {write:?}"), &flat(&tiled), &flat(&direct), NARROW * scale);
        }

        let mut sums = vec![0.0; kernel.len()];
        conv.direct_gradients(&magnitudes(&x), &magnitudes(&dy), &mut sums, scratch);
        let scale = 1.0 + largest(&sums);
        let (mut direct, mut tiled) = (kernel.clone(), kernel.clone());
        conv.direct_gradients(&x, &dy, &mut direct, scratch);
        conv.tiled_gradients(&x, &dy, &mut tiled, scratch);
        assert_near(&format!("{what}, gradient"), &tiled, &direct, WIDE * scale);
        let mut tiled: Vec<f32> = kernel.iter().map(|&w| w as f32).collect();
        conv.tiled_gradients(&single(&x), &single(&dy), &mut tiled, &mut Scratch::default());
        let tiled: Vec<f64> = tiled.into_iter().map(f64::from).collect();
        assert_near(&format!("{what}, gradient in f32"), &tiled, &direct, NARROW * scale);
    }

    #[test]
    fn tiles_agree_with_the_definition() {
        for size in [[1, 1], [1, 9], [2, 2], [3, 2], [4, 4], [5, 7], [6, 10]] {
            for pad in 0..3 {
                if size.iter().all(|side| side + 2 * pad >= 3) {
                    compare(size, [16, 16], [pad; 2], [pad; 2]);
                }
            }
        }
    }

    #[test]
    fn borders_may_be_uneven_or_wider_than_the_kernel() {
        for (low, high) in [([0, 1], [1, 0]), ([2, 0], [0, 2]), ([1, 3], [4, 1]), ([0, 0], [2, 1])] {
            compare([5, 4], [16, 17], low, high);
        }
    }

    #[test]
    fn channels_need_not_fill_registers() {
        for channels in [[17, 19], [16, 33], [35, 16], [64, 21], [50, 48], [130, 16], [16, 131]] {
            compare([3, 5], channels, [1; 2], [1; 2]);
        }
    }

    #[test]
    fn shapes_decide() {
        let conv = |input, spec| Conv2d::new(spec, input).map(|conv| conv.in_tiles([input[0], input[1]]));
        let same = Conv2dSpec::same;
        assert_eq!(conv([8, 8, 32], same(32, 3)), Some(true));
        assert_eq!(conv([7, 7, 64], same(64, 3)), Some(true));
        assert_eq!(conv([3, 3, 64], same(64, 3)), Some(false), "four tiles for nine entries");
        assert_eq!(conv([28, 28, 31], same(32, 3)), Some(false), "few inputs");
        assert_eq!(conv([8, 8, 32], same(31, 3)), Some(false), "few outputs");
        assert_eq!(conv([8, 8, 32], same(32, 5)), Some(false));
        assert_eq!(conv([8, 8, 32], Conv2dSpec { stride: [2, 2], ..same(32, 3) }), Some(false));
        assert_eq!(conv([8, 8, 32], Conv2dSpec { dilation: [2, 2], ..same(32, 3) }), Some(false));
        assert_eq!(conv([8, 8, 64], Conv2dSpec { groups: 2, ..same(64, 3) }), Some(false));
    }
}
