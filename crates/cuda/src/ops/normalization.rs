//! Layer, group, instance and root-mean-square normalisation; see `normalization.cu` for the mathematics.

use crate::columns::check_tensor;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::ops::sum_of_parts;
use crate::slice::Slice;
use crate::{Columns, CudaError, Write};

/// Columns per block, and slices of a set per block.
const COLUMNS: usize = 32;
const SLICES: usize = 8;
/// Blocks over which the sums over sets are distributed, and the fewest numbers of a part.
const BLOCKS: usize = 528;
const FEWEST: usize = 256;

/// A normalisation over sets of a value's numbers. Parameters in order: shift `(channels)`, scale `(channels)`, unless they are
/// absent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalization {
    /// The value's shape `(outer, places, groups, size)`; its channels are the last two axes. The numbers of one outer index
    /// and one group are a set.
    pub layout: [usize; 4],
    /// Whether the mean is subtracted.
    pub centred: bool,
    /// The number that is added to the variance.
    pub epsilon: f64,
    /// Whether each channel has a shift.
    pub shift: bool,
    /// Whether each channel has a scale.
    pub scale: bool,
}

/// The values that derivatives of a normalisation need.
pub struct Normalized<'a, D: Device> {
    /// The input `[feature][image]`.
    pub x: Slice<'a, D, f32>,
    /// What [`statistics`](Normalization::statistics) wrote.
    pub statistics: Slice<'a, D, f32>,
    /// The parameters.
    pub params: Slice<'a, D, f32>,
}

impl<D: Device> Clone for Normalized<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D: Device> Copy for Normalized<'_, D> {}

impl Normalization {
    /// The number of features of an image.
    #[must_use]
    pub fn features(&self) -> usize {
        self.layout.iter().product()
    }

    /// The number of its parameters.
    #[must_use]
    pub fn params(&self) -> usize {
        (usize::from(self.shift) + usize::from(self.scale)) * self.channels()
    }

    /// The number of statistics of an image: a mean and a reciprocal deviation for each set.
    #[must_use]
    pub fn statistics_of_image(&self) -> usize {
        2 * self.sets()
    }

    /// The size of the workspace of sums over sets, for so many columns.
    #[must_use]
    pub fn workspace(&self, columns: usize) -> usize {
        2 * self.sets() * columns * self.parts(columns)
    }

    /// The size of the projections that derivatives need, for so many columns.
    #[must_use]
    pub fn projection(&self, columns: usize) -> usize {
        2 * self.sets() * columns
    }

    /// The size of the workspace of [`vjp_params`](Self::vjp_params).
    #[must_use]
    pub fn gradient_workspace(&self) -> usize {
        self.params() * self.gradient_parts()
    }

    /// The statistics `[2][set][image]` of a batch, with a workspace of [`workspace`](Self::workspace) numbers.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if a slice has the wrong length, and a [`CudaError`] if a launch fails.
    pub fn statistics<D: Device>(
        &self,
        device: &D,
        images: usize,
        x: Slice<'_, D, f32>,
        statistics: Slice<'_, D, f32>,
        workspace: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        check_tensor("normalization: x", x, self.features(), images)?;
        check_tensor("normalization: statistics", statistics, self.statistics_of_image(), images)?;
        workspace.check("normalization: workspace", self.workspace(images))?;
        let parts = self.parts(images);
        let launch = Launch::of("norm_moments").slice(x).slice(workspace).ints([images, parts]);
        launch.ints(self.shape()).run(device, self.parts_grid(images))?;
        let launch = Launch::of("norm_statistics").slice(workspace).slice(statistics).ints([images, parts]);
        let launch = launch.float(self.epsilon).ints(self.shape());
        launch.run(device, Grid::over_columns(self.sets(), images, 1))
    }

    /// `y = scale · x̂ + shift`, or `max(y, 0)` with `relu`, from the statistics.
    ///
    /// # Errors
    /// Returns the errors of [`statistics`](Self::statistics).
    pub fn forward<D: Device>(
        &self,
        device: &D,
        images: usize,
        at: Normalized<'_, D>,
        y: Slice<'_, D, f32>,
        relu: bool,
    ) -> Result<(), CudaError> {
        self.check(at, images)?;
        check_tensor("normalization: y", y, self.features(), images)?;
        let launch = Launch::of("norm_forward").slice(at.x).slice(at.statistics).slice(at.params).slice(y);
        let launch = launch.ints([images]).flag(relu).ints(self.shape());
        launch.run(device, Grid::over_columns(self.features(), images, 1))
    }

    /// The projection of `d`, or of `scale · d` with the scales of `factors`, which derivatives need.
    ///
    /// # Errors
    /// Returns the errors of [`statistics`](Self::statistics).
    #[expect(clippy::too_many_arguments, reason = "what it takes, each of another kind")]
    pub fn project<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        at: Normalized<'_, D>,
        factors: Option<Slice<'_, D, f32>>,
        d: Slice<'_, D, f32>,
        projection: Slice<'_, D, f32>,
        workspace: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        let (images, count) = (columns.images, columns.count());
        self.check(at, images)?;
        check_tensor("normalization: d", d, self.features(), count)?;
        projection.check("normalization: projection", self.projection(count))?;
        workspace.check("normalization: workspace", self.workspace(count))?;
        if let Some(factors) = factors {
            factors.check("normalization: factors", self.params())?;
        }
        let parts = self.parts(count);
        let launch = Launch::of("norm_projection_parts").slice(at.x).slice(at.statistics);
        let launch = launch.slice(factors.unwrap_or(at.params)).slice(d).slice(workspace);
        let launch = launch.ints([images, count, parts]).flag(factors.is_some()).ints(self.shape());
        launch.run(device, self.parts_grid(count))?;
        let launch = Launch::of("norm_projection").slice(workspace).slice(projection).ints([count, parts]);
        launch.ints(self.shape()).run(device, Grid::over_columns(self.sets(), count, 1))
    }

    /// `dx = (∂y/∂x)ᵀ dy` with the scales of `factors`, from the projection of `scale · dy`.
    ///
    /// # Errors
    /// Returns the errors of [`statistics`](Self::statistics).
    #[expect(clippy::too_many_arguments, reason = "what it takes, each of another kind")]
    pub fn vjp_input<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        at: Normalized<'_, D>,
        factors: Slice<'_, D, f32>,
        dy: Slice<'_, D, f32>,
        projection: Slice<'_, D, f32>,
        dx: Slice<'_, D, f32>,
        write: Write,
    ) -> Result<(), CudaError> {
        let (images, count) = (columns.images, columns.count());
        self.check(at, images)?;
        factors.check("normalization vjp: factors", self.params())?;
        check_tensor("normalization vjp: dy", dy, self.features(), count)?;
        projection.check("normalization vjp: projection", self.projection(count))?;
        check_tensor("normalization vjp: dx", dx, self.features(), count)?;
        let launch = Launch::of("norm_vjp_input").slice(at.x).slice(at.statistics).slice(factors).slice(dy);
        let launch = launch.slice(projection).slice(dx).ints([images, count]).flag(write.adds()).ints(self.shape());
        launch.run(device, Grid::over_columns(self.features(), count, 1))
    }

    /// `dy = ∂y/∂x · dx + ∂y/∂params · dparams`, with the tangents of the input and their projection, and the tangents of the
    /// parameters with the distance from one direction's to the next direction's.
    ///
    /// # Errors
    /// Returns the errors of [`statistics`](Self::statistics).
    pub fn jvp<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        at: Normalized<'_, D>,
        input: Option<[Slice<'_, D, f32>; 2]>,
        params: Option<(Slice<'_, D, f32>, usize)>,
        dy: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        let (images, count) = (columns.images, columns.count());
        self.check(at, images)?;
        check_tensor("normalization jvp: dy", dy, self.features(), count)?;
        if let Some([dx, projection]) = input {
            check_tensor("normalization jvp: dx", dx, self.features(), count)?;
            projection.check("normalization jvp: projection", self.projection(count))?;
        }
        let stride = super::Tangents { input: None, params }.check_params(
            "normalization jvp: dparams",
            self.params(),
            columns,
        )?;
        let [dx, projection] = input.unwrap_or([at.x, at.statistics]);
        let launch = Launch::of("norm_jvp").slice(at.x).slice(at.statistics).slice(at.params);
        let launch = launch.slice(params.map_or(at.params, |(dparams, _)| dparams)).slice(dx).slice(projection);
        let launch = launch.slice(dy).ints([images, count, stride]).flag(input.is_some()).flag(params.is_some());
        launch.ints(self.shape()).run(device, Grid::over_columns(self.features(), count, 1))
    }

    /// `gradient = (∂y/∂params)ᵀ dy`, summed over the images, with a workspace of
    /// [`gradient_workspace`](Self::gradient_workspace) numbers. With tangents of the input and their projection, it is the
    /// change of that gradient along them with `dy` fixed.
    ///
    /// # Errors
    /// Returns the errors of [`statistics`](Self::statistics).
    #[expect(clippy::too_many_arguments, reason = "what it takes, each of another kind")]
    pub fn vjp_params<D: Device>(
        &self,
        device: &D,
        images: usize,
        at: Normalized<'_, D>,
        along: Option<[Slice<'_, D, f32>; 2]>,
        dy: Slice<'_, D, f32>,
        gradient: Slice<'_, D, f32>,
        workspace: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        self.check(at, images)?;
        check_tensor("normalization vjp_params: dy", dy, self.features(), images)?;
        gradient.check("normalization vjp_params: gradient", self.params())?;
        workspace.check("normalization vjp_params: workspace", self.gradient_workspace())?;
        if let Some([dx, projection]) = along {
            check_tensor("normalization vjp_params: dx", dx, self.features(), images)?;
            projection.check("normalization vjp_params: projection", self.projection(images))?;
        }
        if self.params() == 0 {
            return Ok(());
        }
        let [dx, projection] = along.unwrap_or([at.x, at.statistics]);
        let parts = self.gradient_parts();
        let launch = Launch::of("norm_vjp_params").slice(at.x).slice(at.statistics).slice(dx).slice(projection);
        let launch = launch.slice(dy).slice(workspace).ints([images]).flag(along.is_some()).ints(self.shape());
        launch.run(device, Grid::new([self.channels(), parts], [COLUMNS as u32, SLICES as u32]))?;
        sum_of_parts(device, workspace, parts, gradient)
    }

    /// Every column's own `(∂y/∂params)ᵀ dy`, `[parameter][column]`.
    ///
    /// # Errors
    /// Returns the errors of [`statistics`](Self::statistics).
    pub fn per_sample_gradients<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        at: Normalized<'_, D>,
        dy: Slice<'_, D, f32>,
        gradients: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        let (images, count) = (columns.images, columns.count());
        self.check(at, images)?;
        check_tensor("normalization per_sample_gradients: dy", dy, self.features(), count)?;
        check_tensor("normalization per_sample_gradients: gradients", gradients, self.params(), count)?;
        let launch = Launch::of("norm_per_sample_gradients").slice(at.x).slice(at.statistics).slice(dy);
        let launch = launch.slice(gradients).ints([images, count]).ints(self.shape());
        let blocks = [self.channels(), count.div_ceil(COLUMNS)];
        launch.run(device, Grid::new(blocks, [COLUMNS as u32, SLICES as u32]))
    }

    /// Adds to `to` the change of the vjp of a fixed `dy` along the tangents `dx` of the input, with the projections of `dx` and
    /// of `scale · dy`.
    ///
    /// # Errors
    /// Returns the errors of [`statistics`](Self::statistics).
    #[expect(clippy::too_many_arguments, reason = "what it takes, each of another kind")]
    pub fn curvature<D: Device>(
        &self,
        device: &D,
        images: usize,
        at: Normalized<'_, D>,
        [dx, of_dx]: [Slice<'_, D, f32>; 2],
        [dy, of_h]: [Slice<'_, D, f32>; 2],
        to: Slice<'_, D, f32>,
        workspace: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        self.check(at, images)?;
        for tensor in [dx, dy, to] {
            check_tensor("normalization curvature: tensor", tensor, self.features(), images)?;
        }
        for projection in [of_dx, of_h] {
            projection.check("normalization curvature: projection", self.projection(images))?;
        }
        workspace.check("normalization curvature: workspace", self.workspace(images))?;
        let parts = self.parts(images);
        let with = |kernel| Launch::of(kernel).slice(at.x).slice(at.statistics).slice(at.params).slice(dx).slice(of_dx);
        let launch = with("norm_crossed_parts").slice(dy).slice(of_h).slice(workspace).ints([images, parts]);
        launch.ints(self.shape()).run(device, self.parts_grid(images))?;
        let launch = with("norm_curvature").slice(dy).slice(of_h).slice(workspace).slice(to).ints([images, parts]);
        launch.ints(self.shape()).run(device, Grid::over_columns(self.features(), images, 1))
    }

    fn channels(&self) -> usize {
        self.layout[2] * self.layout[3]
    }

    fn sets(&self) -> usize {
        self.layout[0] * self.layout[2]
    }

    /// Parts of a set. They depend on sizes only, and so does the order of a sum.
    fn parts(&self, columns: usize) -> usize {
        let blocks = (self.sets() * columns.div_ceil(COLUMNS)).max(1);
        let numbers = self.layout[1] * self.layout[3];
        BLOCKS.div_ceil(blocks).min(numbers.div_ceil(FEWEST)).max(1)
    }

    /// Parts of the places, for a gradient summed over images.
    fn gradient_parts(&self) -> usize {
        let places = self.layout[0] * self.layout[1];
        BLOCKS.div_ceil(self.channels().max(1)).min(places.div_ceil(SLICES)).max(1)
    }

    fn parts_grid(&self, columns: usize) -> Grid {
        let blocks = [self.sets() * self.parts(columns), columns.div_ceil(COLUMNS)];
        Grid::new(blocks, [COLUMNS as u32, SLICES as u32])
    }

    /// The shape, as arguments of the kernels.
    fn shape(&self) -> impl Iterator<Item = usize> {
        let flags = [self.shift, self.scale, self.centred].map(usize::from);
        self.layout.into_iter().chain(flags)
    }

    fn check<D: Device>(&self, at: Normalized<'_, D>, images: usize) -> Result<(), CudaError> {
        check_tensor("normalization: x", at.x, self.features(), images)?;
        check_tensor("normalization: statistics", at.statistics, self.statistics_of_image(), images)?;
        at.params.check("normalization: params", self.params())
    }
}
