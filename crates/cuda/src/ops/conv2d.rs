//! Two-dimensional convolution; see `conv2d.cu` and `conv2d_gradients.cu` for the mathematics.

use super::{AffineProduct, Finish, ImplicitConv2d, Relu, Tangents, Windows, sum_of_parts};
use crate::columns::check_tensor;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use crate::{Columns, CudaError, Write};
use minima_autodiff::Conv2dSpec;

/// Channels per thread, in all kernels.
const TILE: usize = 4;
/// Columns per thread in the kernels for many columns, and the number of columns from which they are used.
const WIDE: usize = 4;
const MANY_COLUMNS: usize = 512;
/// Columns per block, and slices of the output's positions per block, in the kernels of gradients.
const COLUMNS: usize = 32;
const SLICES: usize = 8;
/// Blocks over which a sum over images is distributed: several per multiprocessor.
const BLOCKS: usize = 384;

/// A convolution on feature maps of one shape. Parameters in order: bias `(out)` unless it is absent, kernel
/// `(height, width, in / groups, out)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2d {
    spec: Conv2dSpec,
    input: [usize; 3],
    output: [usize; 3],
    /// Rows and columns of zeros above and to the left.
    low: [usize; 2],
}

impl Conv2d {
    /// A convolution on an input `(height, width, channels)`.
    ///
    /// # Errors
    /// Returns [`CudaError::Shape`] if a size is zero, the kernel does not fit, or the groups do not divide the channels.
    pub fn new(spec: Conv2dSpec, input: [usize; 3]) -> Result<Self, CudaError> {
        let refused = || CudaError::Shape { what: "conv2d", found: format!("{spec:?} on {input:?}") };
        let groups = spec.groups;
        let divides = |channels: usize| channels > 0 && groups > 0 && channels.is_multiple_of(groups);
        if !divides(spec.features) || !divides(input[2]) {
            return Err(refused());
        }
        let mut output = [0, 0, spec.features];
        let mut low = [0; 2];
        for axis in 0..2 {
            let (kernel, dilation) = (spec.kernel[axis], spec.dilation[axis]);
            if kernel == 0 || dilation == 0 {
                return Err(refused());
            }
            let reach = (kernel - 1) * dilation + 1;
            let windows =
                Windows::new(spec.padding, axis, input[axis], reach, spec.stride[axis]).ok_or_else(refused)?;
            (output[axis], low[axis]) = (windows.count, windows.low);
        }
        Ok(Self { spec, input, output, low })
    }

    /// A dense layer on each of `places` rows of `inputs` numbers: a kernel of 1 × 1 on a map of one row.
    ///
    /// # Errors
    /// Returns [`CudaError::Shape`] if a size is zero.
    pub fn on_each_token(places: usize, inputs: usize, outputs: usize, bias: bool) -> Result<Self, CudaError> {
        Self::new(Conv2dSpec { bias, ..Conv2dSpec::same(outputs, 1) }, [1, places, inputs])
    }

    /// Shape of the output `(height, width, channels)`.
    #[must_use]
    pub fn output(&self) -> [usize; 3] {
        self.output
    }

    /// The number of its parameters, bias and kernel together.
    #[must_use]
    pub fn params(&self) -> usize {
        (self.rows() + usize::from(self.spec.bias)) * self.spec.features
    }

    /// The number of its biases, which are its first parameters.
    #[must_use]
    pub fn biases(&self) -> usize {
        if self.spec.bias { self.spec.features } else { 0 }
    }

    /// The size of the workspace of [`vjp_params`](Self::vjp_params).
    #[must_use]
    pub fn workspace(&self) -> usize {
        let implicit = self.implicit();
        if implicit.has_gradient() { implicit.parts() * implicit.weights() } else { self.parts() * self.params() }
    }

    /// `y = conv(x)`, or `max(conv(x), 0)` with `relu`.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if a slice has the wrong length, and a [`CudaError`] if the launch fails.
    pub fn forward<D: Device>(
        &self,
        device: &D,
        images: usize,
        x: Slice<'_, D, f32>,
        params: Slice<'_, D, f32>,
        y: Slice<'_, D, f32>,
        relu: bool,
    ) -> Result<(), CudaError> {
        self.check_input("conv2d: x", x, images)?;
        self.check_params("conv2d: params", params)?;
        self.check_output("conv2d: y", y, images)?;
        if let Some(product) = self.product_by_library(device, images) {
            return product.forward(device, images, x, params, y, relu);
        }
        if self.implicit().has_forward(images) {
            let finish = Finish { bias: self.spec.bias, relu, gate: None, write: Write::Store };
            let columns = Columns::of_images(images);
            return self.implicit().forward(device, columns, self.shape(), x, params, y, &finish);
        }
        let (kernel, each) = if images < MANY_COLUMNS { ("conv2d_forward", 1) } else { ("conv2d_forward_wide", WIDE) };
        let launch = Launch::of(kernel).slice(x).slice(params).slice(y).ints([images]).flag(relu).ints(self.shape());
        launch.run(device, Grid::over_columns(self.output_tiles(), images, each))
    }

    /// `dx = (∂y/∂x)ᵀ dy`, multiplied by `gate > 0` (`gate` is x, if x is rectified).
    ///
    /// # Errors
    /// Returns the errors of [`forward`](Self::forward).
    #[expect(clippy::too_many_arguments, reason = "what it takes, each of another kind")]
    pub fn vjp_input<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        params: Slice<'_, D, f32>,
        dy: Slice<'_, D, f32>,
        dx: Slice<'_, D, f32>,
        write: Write,
        gate: Option<Slice<'_, D, f32>>,
    ) -> Result<(), CudaError> {
        let (images, count) = (columns.images, columns.count());
        self.check_params("conv2d vjp_input: params", params)?;
        self.check_output("conv2d vjp_input: dy", dy, count)?;
        self.check_input("conv2d vjp_input: dx", dx, count)?;
        if let Some(gate) = gate {
            self.check_input("conv2d vjp_input: gate", gate, images)?;
        }
        if let Some(product) = self.product_by_library(device, count).filter(|_| gate.is_none() || !write.adds()) {
            product.vjp_input(device, count, params, dy, dx, write)?;
            let relu = Relu { features: self.input.iter().product() };
            return gate.map_or(Ok(()), |gate| relu.gate(device, columns, gate, dx, dx, Write::Store));
        }
        if self.implicit().has_backward(count) {
            return self.implicit().backward(device, columns, self.shape(), dy, params, dx, gate, write);
        }
        let (kernel, each) =
            if count < MANY_COLUMNS { ("conv2d_vjp_input", 1) } else { ("conv2d_vjp_input_wide", WIDE) };
        let launch = Launch::of(kernel).slice(params).slice(dy).slice(gate.unwrap_or(params)).slice(dx);
        let launch = launch.ints([images, count]).flag(gate.is_some()).flag(write.adds()).ints(self.shape());
        let [height, width, _] = self.input;
        launch.run(device, Grid::over_columns(height * width * self.input_tiles(), count, each))
    }

    /// `dy = ∂y/∂x · dx + ∂y/∂params · dparams`, multiplied by `gate > 0` (`gate` is y, if y is rectified).
    ///
    /// # Errors
    /// Returns the errors of [`forward`](Self::forward).
    #[expect(clippy::too_many_arguments, reason = "what it takes, each of another kind")]
    pub fn jvp<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        x: Slice<'_, D, f32>,
        params: Slice<'_, D, f32>,
        tangents: &Tangents<'_, D>,
        dy: Slice<'_, D, f32>,
        gate: Option<Slice<'_, D, f32>>,
    ) -> Result<(), CudaError> {
        let (images, count) = (columns.images, columns.count());
        self.check_input("conv2d jvp: x", x, images)?;
        self.check_params("conv2d jvp: params", params)?;
        self.check_output("conv2d jvp: dy", dy, count)?;
        if let Some(dx) = tangents.input {
            self.check_input("conv2d jvp: dx", dx, count)?;
        }
        if let Some(gate) = gate {
            self.check_output("conv2d jvp: gate", gate, images)?;
        }
        let stride = tangents.check_params("conv2d jvp: dparams", self.params(), columns)?;
        if let Some(product) = self.product_by_library(device, count).filter(|_| tangents.any()) {
            return product.jvp(device, columns, x, params, tangents, dy, gate);
        }
        if tangents.any() && columns.directions == 1 && self.implicit().has_forward(images) {
            return self.implicit_jvp(device, columns, x, params, tangents, dy, gate);
        }
        let dparams = tangents.params.map_or(params, |(dparams, _)| dparams);
        let launch = Launch::of("conv2d_jvp").slice(x).slice(tangents.input.unwrap_or(x)).slice(params).slice(dparams);
        let launch = launch.slice(gate.unwrap_or(x)).slice(dy).ints([images, count, stride]);
        let launch = launch.flag(tangents.input.is_some()).flag(tangents.params.is_some()).flag(gate.is_some());
        launch.ints(self.shape()).run(device, Grid::over_columns(self.output_tiles(), count, 1))
    }

    /// Every column's own `(∂y/∂params)ᵀ dy`, `[parameter][column]`.
    ///
    /// # Errors
    /// Returns the errors of [`forward`](Self::forward).
    pub fn per_sample_gradients<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        x: Slice<'_, D, f32>,
        dy: Slice<'_, D, f32>,
        gradients: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        let (images, count) = (columns.images, columns.count());
        self.check_input("conv2d per_sample_gradients: x", x, images)?;
        self.check_output("conv2d per_sample_gradients: dy", dy, count)?;
        check_tensor("conv2d per_sample_gradients: gradients", gradients, self.params(), count)?;
        // Cotangents are read once for each tile of rows, so tiles are tall if there are many rows. A block has as many
        // slices as fit into shared memory.
        let (kernel, rows, slices) = if self.rows() > Self::MANY_ROWS {
            ("conv2d_per_sample_gradients_9", Self::MANY_ROWS, SLICES)
        } else {
            ("conv2d_per_sample_gradients_3", Self::FEW_ROWS, 2 * SLICES)
        };
        let launch = Launch::of(kernel).slice(x).slice(dy).slice(gradients).ints([images, count]).ints(self.shape());
        let tiles = self.rows().div_ceil(rows) * self.channel_tiles();
        launch.run(device, Grid::new([tiles, count.div_ceil(COLUMNS)], [COLUMNS as u32, slices as u32]))
    }

    /// `gradient = (∂y/∂params)ᵀ dy`, summed over the images, with a workspace of [`workspace`](Self::workspace)
    /// numbers.
    ///
    /// # Errors
    /// Returns the errors of [`forward`](Self::forward).
    pub fn vjp_params<D: Device>(
        &self,
        device: &D,
        images: usize,
        x: Slice<'_, D, f32>,
        dy: Slice<'_, D, f32>,
        gradient: Slice<'_, D, f32>,
        workspace: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        self.check_input("conv2d vjp_params: x", x, images)?;
        self.check_output("conv2d vjp_params: dy", dy, images)?;
        self.check_params("conv2d vjp_params: gradient", gradient)?;
        workspace.check("conv2d vjp_params: workspace", self.workspace())?;
        if self.implicit().has_gradient() {
            return self.implicit().gradient(device, images, self.shape(), x, dy, gradient, workspace);
        }
        let rows = self.summed_rows();
        let kernel = if rows == Self::FEW_ROWS { "conv2d_vjp_params_3" } else { "conv2d_vjp_params_9" };
        let launch = Launch::of(kernel).slice(x).slice(dy).slice(workspace).ints([images]).ints(self.shape());
        let block = [COLUMNS as u32, SLICES as u32];
        launch.run(device, Grid::new([self.summed_tiles(), self.parts()], block))?;
        sum_of_parts(device, workspace, self.parts(), gradient)
    }

    fn implicit(&self) -> ImplicitConv2d {
        let Self { spec, input, output, low } = *self;
        ImplicitConv2d { spec, input, output, low }
    }

    /// [`jvp`](Self::jvp) along one direction, with a tangent, as products that are not stored.
    #[expect(clippy::too_many_arguments, reason = "what it takes, each of another kind")]
    fn implicit_jvp<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        x: Slice<'_, D, f32>,
        params: Slice<'_, D, f32>,
        tangents: &Tangents<'_, D>,
        dy: Slice<'_, D, f32>,
        gate: Option<Slice<'_, D, f32>>,
    ) -> Result<(), CudaError> {
        let mut finish = Finish { bias: false, relu: false, gate: None, write: Write::Store };
        if let Some(dx) = tangents.input {
            // The gate follows the last term.
            finish.gate = gate.filter(|_| tangents.params.is_none());
            self.implicit().forward(device, columns, self.shape(), dx, params, dy, &finish)?;
            finish.write = Write::Add;
        }
        if let Some((dparams, _)) = tangents.params {
            (finish.bias, finish.gate) = (self.spec.bias, gate);
            self.implicit().forward(device, columns, self.shape(), x, dparams, dy, &finish)?;
        }
        Ok(())
    }

    /// The convolution as products with its kernel at each place, if its kernel is 1 × 1, its output has the places of its input, and
    /// the device's library computes products of this many columns.
    fn product_by_library<D: Device>(&self, device: &D, columns: usize) -> Option<AffineProduct> {
        let ([height, width, inputs], [out_height, out_width, outputs]) = (self.input, self.output);
        let Conv2dSpec { kernel, stride, groups, bias, .. } = self.spec;
        let is_affine = kernel == [1, 1] && stride == [1, 1] && groups == 1;
        let same_places = self.low == [0, 0] && (height, width) == (out_height, out_width);
        let product = AffineProduct { places: height * width, inputs, outputs, bias };
        (is_affine && same_places && product.is_by_library(device, columns)).then_some(product)
    }

    /// Rows per tile of the gradient kernels.
    const FEW_ROWS: usize = 3;
    const MANY_ROWS: usize = 9;

    /// The number of groups.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.spec.groups
    }

    /// Rows `(height, width, in / groups)` of the kernel.
    pub(super) fn rows(&self) -> usize {
        self.spec.kernel[0] * self.spec.kernel[1] * self.input[2] / self.spec.groups
    }

    /// Tiles of output channels. Each is of one group.
    fn channel_tiles(&self) -> usize {
        (self.spec.features / self.spec.groups).div_ceil(TILE) * self.spec.groups
    }

    /// Tiles of input channels. Each is of one group.
    fn input_tiles(&self) -> usize {
        (self.input[2] / self.spec.groups).div_ceil(TILE) * self.spec.groups
    }

    /// Rows per tile, for a gradient summed over images.
    fn summed_rows(&self) -> usize {
        if self.rows() > Self::FEW_ROWS { Self::MANY_ROWS } else { Self::FEW_ROWS }
    }

    fn summed_tiles(&self) -> usize {
        self.rows().div_ceil(self.summed_rows()) * self.channel_tiles()
    }

    /// Parts of the output's positions, for a gradient summed over images. They depend on sizes only, and so does the
    /// order of the sum.
    fn parts(&self) -> usize {
        let places = self.output[0] * self.output[1];
        BLOCKS.div_ceil(self.summed_tiles()).min(places.div_ceil(SLICES))
    }

    fn output_tiles(&self) -> usize {
        self.output[0] * self.output[1] * self.channel_tiles()
    }

    /// The shape, as arguments of the kernels.
    pub(super) fn shape(&self) -> impl Iterator<Item = usize> {
        let ([height, width, inputs], [out_height, out_width, outputs]) = (self.input, self.output);
        let Conv2dSpec { kernel, stride, dilation, groups, bias, .. } = self.spec;
        let maps = [height, width, inputs, out_height, out_width, outputs];
        let steps = [kernel, stride, self.low, dilation].into_iter().flatten();
        maps.into_iter().chain(steps).chain([groups, usize::from(bias)])
    }

    pub(super) fn check_input<D: Device>(
        &self,
        what: &'static str,
        x: Slice<'_, D, f32>,
        columns: usize,
    ) -> Result<(), CudaError> {
        check_tensor(what, x, self.input.iter().product(), columns)
    }

    fn check_output<D: Device>(
        &self,
        what: &'static str,
        y: Slice<'_, D, f32>,
        columns: usize,
    ) -> Result<(), CudaError> {
        check_tensor(what, y, self.output.iter().product(), columns)
    }

    fn check_params<D: Device>(&self, what: &'static str, params: Slice<'_, D, f32>) -> Result<(), CudaError> {
        params.check(what, self.params())
    }
}
