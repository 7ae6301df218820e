//! The inputs and the cotangents of a convolution as matrices; see `patches.cu` for the mathematics.

use super::{Conv2d, sum_of_parts};
use crate::CudaError;
use crate::columns::check_tensor;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use minima_autodiff::Conv2dSpec;

/// Entries of a tile's side, in the kernel of second moments.
const TILE: usize = 32;
/// The least number of columns that a block sums, and the number of blocks that occupy a GPU.
const COLUMNS: usize = 1024;
const BLOCKS: usize = 384;

/// For each group, a matrix `[row][place · images + image]` that is not stored: the numbers that a convolution's kernel covers at a
/// place of an image. With a bias, row 0 is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patches(Conv2d);

impl Patches {
    /// The inputs of a convolution: a row for the bias, if there is one, and for each row of the kernel.
    #[must_use]
    pub fn of_input(conv: Conv2d) -> Self {
        Self(conv)
    }

    /// The outputs of a convolution or their cotangents, `[(place, channel)][column]`: a row for each output channel of a group.
    ///
    /// # Errors
    /// Returns [`CudaError::Shape`] if a size is zero, which a convolution rules out.
    pub fn of_output(conv: Conv2d) -> Result<Self, CudaError> {
        let [height, width, channels] = conv.output();
        let alone = Conv2dSpec { bias: false, groups: conv.groups(), ..Conv2dSpec::same(channels, 1) };
        Conv2d::new(alone, [1, height * width, channels]).map(Self)
    }

    /// Matrices of as many rows and of one place, as [`sums`](Self::sums) writes them.
    ///
    /// # Errors
    /// Returns [`CudaError::Shape`] if a size is zero.
    pub fn combined(&self) -> Result<Self, CudaError> {
        let (groups, channels) = (self.groups(), self.groups() * self.rows());
        let alone = Conv2dSpec { bias: false, groups, ..Conv2dSpec::same(channels, 1) };
        Conv2d::new(alone, [1, 1, channels]).map(Self)
    }

    /// The number of groups.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.0.groups()
    }

    /// The rows of a group's matrix.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.0.rows() + usize::from(self.0.biases() > 0)
    }

    /// The number of places.
    #[must_use]
    pub fn places(&self) -> usize {
        let [height, width, _] = self.0.output();
        height * width
    }

    /// The size of the result of [`moments`](Self::moments).
    #[must_use]
    pub fn moment_count(&self) -> usize {
        self.groups() * self.rows() * self.rows()
    }

    /// The size of the workspace of [`moments`](Self::moments).
    #[must_use]
    pub fn workspace(&self, images: usize) -> usize {
        let (_, parts) = self.parts(images);
        if parts == 1 { 0 } else { parts * self.moment_count() }
    }

    /// `to[group] = X Xᵀ` over all columns of x, row-major: the lower triangles. The upper triangles are arbitrary.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if a slice has the wrong length, and a [`CudaError`] if a launch fails.
    pub fn moments<D: Device>(
        &self,
        device: &D,
        images: usize,
        x: Slice<'_, D, f32>,
        to: Slice<'_, D, f32>,
        workspace: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        self.0.check_input("patches: x", x, images)?;
        to.check("patches: moments", self.moment_count())?;
        workspace.check("patches: workspace", self.workspace(images))?;
        let (each, parts) = self.parts(images);
        let partial = if parts == 1 { to } else { workspace };
        let launch = Launch::of("patch_moments").slice(x).slice(partial).ints([images, each]).ints(self.0.shape());
        let tiles = self.tiles();
        launch.run(device, Grid::new([self.groups() * tiles * tiles, parts], [16, 16]))?;
        if parts == 1 { Ok(()) } else { sum_of_parts(device, workspace, parts, to) }
    }

    /// `to[(group, row)][image] = share · Σ X` over the places of x.
    ///
    /// # Errors
    /// Returns the errors of [`moments`](Self::moments).
    pub fn sums<D: Device>(
        &self,
        device: &D,
        images: usize,
        x: Slice<'_, D, f32>,
        share: f64,
        to: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        self.0.check_input("patch sums: x", x, images)?;
        check_tensor("patch sums: sums", to, self.groups() * self.rows(), images)?;
        let launch = Launch::of("patch_sums").slice(x).slice(to).ints([images]).float(share).ints(self.0.shape());
        launch.run(device, Grid::over_columns(self.groups() * self.rows(), images, 1))
    }

    /// Tiles along a side of a group's moments.
    fn tiles(&self) -> usize {
        self.rows().div_ceil(TILE)
    }

    /// Columns of a part, and parts. They depend on sizes only, and so does the order of the sum.
    fn parts(&self, images: usize) -> (usize, usize) {
        let (columns, tiles) = (self.places() * images, self.tiles());
        let blocks = self.groups() * tiles * (tiles + 1) / 2;
        let parts = columns.div_ceil(COLUMNS).min(BLOCKS.div_ceil(blocks.max(1))).max(1);
        let each = columns.div_ceil(parts).max(1);
        (each, columns.div_ceil(each).max(1))
    }
}
