//! A dense layer on each of several places, by the library of a device.

use super::Tangents;
use crate::columns::check_tensor;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::linalg::{Matrix, Product};
use crate::slice::Slice;
use crate::{Columns, CudaError, Write};

/// `y[p] = b + Wᵀ x[p]` for `places` matrices `x[p]` `(inputs, columns)`: a dense layer has one place, and a convolution of 1 × 1 has
/// all places of its map. Parameters in order: bias unless it is absent, W `(inputs, outputs)`.
///
/// Its methods need not check lengths: those that use it have, and the device checks all matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AffineProduct {
    pub places: usize,
    pub inputs: usize,
    pub outputs: usize,
    pub bias: bool,
}

impl AffineProduct {
    /// Whether the library computes the products with W of this many columns, forward and backward.
    pub fn is_by_library<D: Device>(&self, device: &D, columns: usize) -> bool {
        self.forward_product(columns).is_by_library(device)
    }

    fn forward_product(&self, columns: usize) -> Product {
        Product { batch: self.places, rows: self.outputs, inner: self.inputs, columns }
    }

    /// The number of biases, which are the first parameters.
    fn biases(&self) -> usize {
        if self.bias { self.outputs } else { 0 }
    }

    fn kernel<'a, D: Device>(&self, params: Slice<'a, D, f32>) -> Result<Matrix<'a, D>, CudaError> {
        Ok(Matrix::new(params.part(self.biases()..params.len())?, self.outputs))
    }

    /// Values of all places, with this many features each.
    fn of_places<'a, D: Device>(x: Slice<'a, D, f32>, features: usize, columns: usize) -> Matrix<'a, D> {
        Matrix::new(x, columns).each(features * columns)
    }

    /// `y[p] = b + Wᵀ x[p]`, or `max(·, 0)` of it with `relu`.
    pub fn forward<D: Device>(
        &self,
        device: &D,
        images: usize,
        x: Slice<'_, D, f32>,
        params: Slice<'_, D, f32>,
        y: Slice<'_, D, f32>,
        relu: bool,
    ) -> Result<(), CudaError> {
        let x = Self::of_places(x, self.inputs, images);
        let to = Self::of_places(y, self.outputs, images);
        let weights = self.kernel(params)?.transpose();
        self.forward_product(images).multiply(device, 1.0, weights, x, to, Write::Store)?;
        let biases = self.bias.then_some((params, 0));
        self.finish(device, Columns::of_images(images), biases, None, relu, y)
    }

    /// `dx[p] = W dy[p]`, stored or added.
    pub fn vjp_input<D: Device>(
        &self,
        device: &D,
        columns: usize,
        params: Slice<'_, D, f32>,
        dy: Slice<'_, D, f32>,
        dx: Slice<'_, D, f32>,
        write: Write,
    ) -> Result<(), CudaError> {
        let product = Product { batch: self.places, rows: self.inputs, inner: self.outputs, columns };
        let dy = Self::of_places(dy, self.outputs, columns);
        let dx = Self::of_places(dx, self.inputs, columns);
        product.multiply(device, 1.0, self.kernel(params)?, dy, dx, write)
    }

    /// `dy[p] = Wᵀ dx[p] + dWᵀ x[p] + db`, multiplied by `gate > 0`. A tangent is present.
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
        let mut write = Write::Store;
        if let Some(dx) = tangents.input {
            let dx = Self::of_places(dx, self.inputs, count);
            let to = Self::of_places(dy, self.outputs, count);
            let weights = self.kernel(params)?.transpose();
            self.forward_product(count).multiply(device, 1.0, weights, dx, to, write)?;
            write = Write::Add;
        }
        if let Some((dparams, stride)) = tangents.params {
            let x = Self::of_places(x, self.inputs, images);
            for direction in 0..columns.directions {
                let own = dparams.part(direction * stride..dparams.len())?;
                // The columns of this direction, in rows of all columns.
                let own_dy = dy.part(direction * images..dy.len())?;
                let to = Matrix::new(own_dy, count).each(self.outputs * count);
                self.forward_product(images).multiply(device, 1.0, self.kernel(own)?.transpose(), x, to, write)?;
            }
        }
        let biases = tangents.params.filter(|_| self.bias);
        self.finish(device, columns, biases, gate, false, dy)
    }

    /// `gradient = Σ x dyᵀ` for one place, without the bias's row.
    pub fn vjp_kernel<D: Device>(
        &self,
        device: &D,
        images: usize,
        x: Slice<'_, D, f32>,
        dy: Slice<'_, D, f32>,
        gradient: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        let product = Product { batch: 1, rows: self.inputs, inner: images, columns: self.outputs };
        let dy = Matrix::new(dy, images).transpose();
        product.multiply(device, 1.0, Matrix::new(x, images), dy, self.kernel(gradient)?, Write::Store)
    }

    /// `y = max(y + b, 0)`, with what is wanted of it, multiplied by `gate > 0`. The biases of the next direction begin so many
    /// numbers later.
    fn finish<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        biases: Option<(Slice<'_, D, f32>, usize)>,
        gate: Option<Slice<'_, D, f32>>,
        relu: bool,
        y: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        if biases.is_none() && gate.is_none() && !relu {
            return Ok(());
        }
        let (images, count, features) = (columns.images, columns.count(), self.places * self.outputs);
        check_tensor("affine: y", y, features, count)?;
        let (numbers, stride) = biases.unwrap_or((y, 0));
        let launch = Launch::of("affine_finish").slice(numbers).slice(gate.unwrap_or(y)).slice(y);
        let launch = launch.ints([images, count, stride, self.outputs]);
        let launch = launch.flag(biases.is_some()).flag(gate.is_some()).flag(relu);
        launch.run(device, Grid::over_columns(features, count, 1))
    }
}
