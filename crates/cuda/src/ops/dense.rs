//! An affine map of all features.

use super::{AffineProduct, Relu, Tangents, sum_of_columns};
use crate::columns::check_tensor;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use crate::{Columns, CudaError, Write};

/// A dense layer. Parameters in order: bias `(out)` unless it is absent, kernel `(in, out)`.
///
/// Its term of the kernel `J Jᵀ` needs only the cotangents of its output, which are a slice already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dense {
    inputs: usize,
    outputs: usize,
    bias: bool,
}

impl Dense {
    /// A dense layer from `inputs` to `outputs`.
    ///
    /// # Errors
    /// Returns [`CudaError::Shape`] if one of them is zero.
    pub fn new(inputs: usize, outputs: usize) -> Result<Self, CudaError> {
        if inputs == 0 || outputs == 0 {
            return Err(CudaError::Shape { what: "dense", found: format!("{inputs} inputs, {outputs} outputs") });
        }
        Ok(Self { inputs, outputs, bias: true })
    }

    /// The same layer without a bias.
    #[must_use]
    pub fn without_bias(self) -> Self {
        Self { bias: false, ..self }
    }

    /// Whether each output has a bias.
    #[must_use]
    pub fn has_bias(&self) -> bool {
        self.bias
    }

    /// The number of its biases, which are its first parameters.
    #[must_use]
    pub fn biases(&self) -> usize {
        if self.bias { self.outputs } else { 0 }
    }

    /// The number of inputs.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The number of outputs.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The number of its parameters, bias and kernel together.
    #[must_use]
    pub fn params(&self) -> usize {
        self.rows() * self.outputs
    }

    /// The rows of the matrix of its parameters, with the bias as one of them.
    fn rows(&self) -> usize {
        self.inputs + usize::from(self.bias)
    }

    /// The layer as products with its kernel, one place.
    fn product(&self) -> AffineProduct {
        AffineProduct { places: 1, inputs: self.inputs, outputs: self.outputs, bias: self.bias }
    }

    /// The sizes, as arguments of the kernels.
    fn shape(&self) -> [usize; 3] {
        [usize::from(self.bias), self.inputs, self.outputs]
    }

    /// `y = b + x W`, or `max(b + x W, 0)` with `relu`.
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
        check_tensor("dense: x", x, self.inputs, images)?;
        params.check("dense: params", self.params())?;
        check_tensor("dense: y", y, self.outputs, images)?;
        if self.product().is_by_library(device, images) {
            return self.product().forward(device, images, x, params, y, relu);
        }
        let launch = Launch::of("dense_forward").slice(x).slice(params).slice(y).ints([images]).flag(relu);
        launch.ints(self.shape()).run(device, self.sliced_grid(images))
    }

    /// `dx = W dy`, multiplied by `gate > 0` (`gate` is x, if x is rectified).
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
        const TILE: usize = 4;
        let (images, count) = (columns.images, columns.count());
        params.check("dense vjp_input: params", self.params())?;
        check_tensor("dense vjp_input: dy", dy, self.outputs, count)?;
        check_tensor("dense vjp_input: dx", dx, self.inputs, count)?;
        if let Some(gate) = gate {
            check_tensor("dense vjp_input: gate", gate, self.inputs, images)?;
        }
        if self.product().is_by_library(device, count) && (gate.is_none() || write == Write::Store) {
            self.product().vjp_input(device, count, params, dy, dx, write)?;
            let relu = Relu { features: self.inputs };
            return gate.map_or(Ok(()), |gate| relu.gate(device, columns, gate, dx, dx, Write::Store));
        }
        let launch = Launch::of("dense_vjp_input").slice(params).slice(dy).slice(gate.unwrap_or(params)).slice(dx);
        let launch = launch.ints([images, count]).flag(gate.is_some()).flag(write.adds());
        let launch = launch.ints(self.shape());
        launch.run(device, Grid::over_columns(self.inputs.div_ceil(TILE), count, 1))
    }

    /// `dy = dx W + x dW + db`, multiplied by `gate > 0` (`gate` is y, if y is rectified).
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
        check_tensor("dense jvp: x", x, self.inputs, images)?;
        params.check("dense jvp: params", self.params())?;
        check_tensor("dense jvp: dy", dy, self.outputs, count)?;
        if let Some(dx) = tangents.input {
            check_tensor("dense jvp: dx", dx, self.inputs, count)?;
        }
        if let Some(gate) = gate {
            check_tensor("dense jvp: gate", gate, self.outputs, images)?;
        }
        let stride = tangents.check_params("dense jvp: dparams", self.params(), columns)?;
        if tangents.any() && self.product().is_by_library(device, count) {
            return self.product().jvp(device, columns, x, params, tangents, dy, gate);
        }
        let dparams = tangents.params.map_or(params, |(dparams, _)| dparams);
        let launch = Launch::of("dense_jvp").slice(x).slice(tangents.input.unwrap_or(x)).slice(params).slice(dparams);
        let launch = launch.slice(gate.unwrap_or(x)).slice(dy).ints([images, count, stride]);
        let launch = launch.flag(tangents.input.is_some()).flag(tangents.params.is_some()).flag(gate.is_some());
        launch.ints(self.shape()).run(device, self.sliced_grid(count))
    }

    /// `gradient = (Σ dy, Σ x dyᵀ)`, summed over the images.
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
    ) -> Result<(), CudaError> {
        const TILE: usize = 16;
        check_tensor("dense vjp_params: x", x, self.inputs, images)?;
        check_tensor("dense vjp_params: dy", dy, self.outputs, images)?;
        gradient.check("dense vjp_params: gradient", self.params())?;
        if self.product().is_by_library(device, images) {
            self.product().vjp_kernel(device, images, x, dy, gradient)?;
            let biases = gradient.part(0..self.biases())?;
            return if self.bias { sum_of_columns(device, images, dy, biases) } else { Ok(()) };
        }
        let launch = Launch::of("dense_vjp_params").slice(x).slice(dy).slice(gradient);
        let launch = launch.ints([images]).ints(self.shape());
        let tiles = [self.outputs.div_ceil(TILE), self.rows().div_ceil(TILE)];
        launch.run(device, Grid::new(tiles, [TILE as u32, TILE as u32]))
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
        check_tensor("dense per_sample_gradients: x", x, self.inputs, images)?;
        check_tensor("dense per_sample_gradients: dy", dy, self.outputs, count)?;
        check_tensor("dense per_sample_gradients: gradients", gradients, self.params(), count)?;
        let launch = Launch::of("dense_per_sample_gradients").slice(x).slice(dy).slice(gradients);
        let launch = launch.ints([images, count, usize::from(self.bias), self.outputs]);
        launch.run(device, Grid::over_columns(self.params(), count, 1))
    }

    /// The grid of a kernel whose blocks compute two outputs of 32 columns; each thread sums a slice of the inputs.
    fn sliced_grid(&self, columns: usize) -> Grid {
        const OUTPUTS: usize = 2;
        const COLUMNS: usize = 32;
        const SLICES: u32 = 16;
        Grid::new([self.outputs.div_ceil(OUTPUTS), columns.div_ceil(COLUMNS)], [COLUMNS as u32, SLICES])
    }
}
