//! Convolutions of many channels as products of matrices that are not stored; see `conv2d_implicit.cu`.

use super::{fill, sum_of_parts};
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use crate::{Columns, CudaError, Write};
use minima_autodiff::Conv2dSpec;

/// Terms of a sum that are multiplied at once.
const CHUNK: usize = 16;
/// Threads of a block along each side.
const SIDE: u32 = 16;
/// The least number of channels that are summed, and that a tile of 64 writes.
const SUMMED: usize = 16;
const WRITTEN: usize = 32;
/// Blocks that occupy a GPU: two for each of an H100's 132 multiprocessors. With fewer than an eighth of them, the kernels of one
/// thread for each column are better, because they have more blocks.
const BLOCKS: usize = 264;
const FEWEST_BLOCKS: usize = BLOCKS / 8;

/// The convolutions of one shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ImplicitConv2d {
    pub spec: Conv2dSpec,
    /// Height, width and channels.
    pub input: [usize; 3],
    pub output: [usize; 3],
    /// Rows and columns of zeros above and to the left.
    pub low: [usize; 2],
}

/// What follows a convolution where its output is written.
pub(super) struct Finish<'a, D: Device> {
    /// Whether the bias is added.
    pub bias: bool,
    /// Whether negative outputs become zero.
    pub relu: bool,
    /// A value that must be positive; otherwise the output is zero.
    pub gate: Option<Slice<'a, D, f32>>,
    /// Whether the output adds to the old one.
    pub write: Write,
}

/// A tile of the product: channels and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tile {
    Of64By64,
    Of64By128,
    Of128By128,
}

impl Tile {
    /// The tile for so many channels of a group that are written and so many columns, if so many channels are summed: the largest
    /// with which a GPU is occupied. `None` if one thread for each column is better.
    fn of(groups: usize, summed: usize, written: usize, columns: usize) -> Option<Self> {
        let blocks = |[rows, across]: [usize; 2]| groups * written.div_ceil(rows) * columns.div_ceil(across);
        let padded = 4 * summed.next_multiple_of(CHUNK) > 5 * summed;
        if summed < SUMMED || written < WRITTEN || padded || blocks([64, 64]) < FEWEST_BLOCKS {
            return None;
        }
        Some(match written > 64 && blocks([128, 128]) >= BLOCKS {
            true => Self::Of128By128,
            false if blocks([64, 128]) >= BLOCKS => Self::Of64By128,
            false => Self::Of64By64,
        })
    }

    fn size(self) -> [usize; 2] {
        match self {
            Self::Of64By64 => [64, 64],
            Self::Of64By128 => [64, 128],
            Self::Of128By128 => [128, 128],
        }
    }
}

impl ImplicitConv2d {
    fn group_inputs(&self) -> usize {
        self.input[2] / self.spec.groups
    }

    fn group_outputs(&self) -> usize {
        self.output[2] / self.spec.groups
    }

    fn forward_tile(&self, columns: usize) -> Option<Tile> {
        let columns = self.output[0] * self.output[1] * columns;
        Tile::of(self.spec.groups, self.group_inputs(), self.group_outputs(), columns)
    }

    fn backward_tile(&self, columns: usize) -> Option<Tile> {
        let columns = self.input[0] * self.input[1] * columns;
        Tile::of(self.spec.groups, self.group_outputs(), self.group_inputs(), columns)
    }

    /// Whether the forward pass of so many columns is such a product.
    pub fn has_forward(&self, columns: usize) -> bool {
        self.forward_tile(columns).is_some()
    }

    /// Whether the cotangent of the input of so many columns is such a product.
    pub fn has_backward(&self, columns: usize) -> bool {
        self.backward_tile(columns).is_some()
    }

    /// Whether the gradient of the kernel is such a product, for any number of images.
    pub fn has_gradient(&self) -> bool {
        let [fewer, more] = [self.group_inputs(), self.group_outputs()];
        fewer.min(more) >= SUMMED && fewer.max(more) >= WRITTEN
    }

    /// `y = conv(x)`, with what follows it. The slices have the right lengths.
    #[expect(clippy::too_many_arguments, reason = "what it takes, each of another kind")]
    pub fn forward<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        shape: impl Iterator<Item = usize>,
        x: Slice<'_, D, f32>,
        params: Slice<'_, D, f32>,
        y: Slice<'_, D, f32>,
        finish: &Finish<'_, D>,
    ) -> Result<(), CudaError> {
        let tile = self.forward_tile(columns.count()).unwrap_or(Tile::Of64By64);
        let kernel = match tile {
            Tile::Of64By64 => "conv2d_implicit_forward_64_64",
            Tile::Of64By128 => "conv2d_implicit_forward_64_128",
            Tile::Of128By128 => "conv2d_implicit_forward_128_128",
        };
        let launch = Launch::of(kernel).slice(x).slice(params).slice(finish.gate.unwrap_or(params)).slice(y);
        let launch = launch.ints([columns.images, columns.count()]).flag(finish.bias).flag(finish.relu);
        let launch = launch.flag(finish.gate.is_some()).flag(finish.write.adds()).ints(shape);
        let places = self.output[0] * self.output[1];
        launch.run(device, self.grid(tile, self.group_outputs(), places * columns.count()))
    }

    /// `dx`, the transpose of the convolution of `dy`, with what follows it. The slices have the right lengths.
    #[expect(clippy::too_many_arguments, reason = "what it takes, each of another kind")]
    pub fn backward<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        shape: impl Iterator<Item = usize>,
        dy: Slice<'_, D, f32>,
        params: Slice<'_, D, f32>,
        dx: Slice<'_, D, f32>,
        gate: Option<Slice<'_, D, f32>>,
        write: Write,
    ) -> Result<(), CudaError> {
        let tile = self.backward_tile(columns.count()).unwrap_or(Tile::Of64By64);
        let kernel = match tile {
            Tile::Of64By64 => "conv2d_implicit_vjp_input_64_64",
            Tile::Of64By128 => "conv2d_implicit_vjp_input_64_128",
            Tile::Of128By128 => "conv2d_implicit_vjp_input_128_128",
        };
        let launch = Launch::of(kernel).slice(dy).slice(params).slice(gate.unwrap_or(params)).slice(dx);
        let launch = launch.ints([columns.images, columns.count()]).flag(gate.is_some()).flag(write.adds()).ints(shape);
        let places = self.input[0] * self.input[1];
        launch.run(device, self.grid(tile, self.group_inputs(), places * columns.count()))
    }

    fn grid(&self, tile: Tile, written: usize, columns: usize) -> Grid {
        let [rows, across] = tile.size();
        Grid::new([columns.div_ceil(across), self.spec.groups * written.div_ceil(rows)], [SIDE, SIDE])
    }

    /// The tile of the gradient: inputs and outputs.
    fn gradient_tile(&self) -> usize {
        if self.group_inputs().min(self.group_outputs()) > 64 { 128 } else { 64 }
    }

    fn gradient_tiles(&self) -> usize {
        let (tile, [height, width]) = (self.gradient_tile(), self.spec.kernel);
        let of_tap = self.group_inputs().div_ceil(tile) * self.group_outputs().div_ceil(tile);
        height * width * self.spec.groups * of_tap
    }

    /// Parts of the places over which a gradient is summed. They depend on sizes only, and so does the order of the sum.
    pub fn parts(&self) -> usize {
        BLOCKS.div_ceil(self.gradient_tiles()).min(self.output[0] * self.output[1])
    }

    /// The kernel's numbers.
    pub fn weights(&self) -> usize {
        self.spec.kernel[0] * self.spec.kernel[1] * self.group_inputs() * self.output[2]
    }

    /// `gradient = (Σ dy, Σ x dyᵀ)` summed over places and images, with a workspace of [`parts`](Self::parts) times
    /// [`weights`](Self::weights) numbers. The slices have the right lengths.
    #[expect(clippy::too_many_arguments, reason = "what it takes, each of another kind")]
    pub fn gradient<D: Device>(
        &self,
        device: &D,
        images: usize,
        shape: impl Iterator<Item = usize>,
        x: Slice<'_, D, f32>,
        dy: Slice<'_, D, f32>,
        gradient: Slice<'_, D, f32>,
        workspace: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        if images == 0 {
            return fill(device, gradient, 0.0);
        }
        let [height, width, outputs] = self.output;
        let kernel = match self.gradient_tile() {
            64 => "conv2d_implicit_gradient_64_64",
            _ => "conv2d_implicit_gradient_128_128",
        };
        // Whole places, so that a part begins with an image's first one.
        let of_part = (height * width).div_ceil(self.parts()) * images;
        let launch = Launch::of(kernel).slice(x).slice(dy).slice(workspace).ints([images, of_part]).ints(shape);
        launch.run(device, Grid::new([self.gradient_tiles(), self.parts()], [SIDE, SIDE]))?;
        let biases = gradient.len() - self.weights();
        sum_of_parts(device, workspace, self.parts(), gradient.part(biases..gradient.len())?)?;
        if self.spec.bias {
            let launch = Launch::of("conv2d_bias_gradient").slice(dy).slice(gradient.part(0..biases)?);
            let launch = launch.ints([images, height * width, outputs]);
            launch.run(device, Grid::new([outputs, 1], [SIDE * SIDE, 1]))?;
        }
        Ok(())
    }
}
