//! A function of every number; see `pointwise.cu` for the functions.

use crate::columns::check_tensor;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use crate::{Columns, CudaError, Write};
use minima_autodiff::Activation;

/// `y = f(x)` for `features` numbers per image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pointwise {
    /// The function's number in the kernels, and its parameters.
    function: usize,
    of: [f64; 2],
    features: usize,
}

impl Pointwise {
    /// A function of `features` numbers per image.
    ///
    /// # Errors
    /// Returns [`CudaError::Unsupported`] if the function has no kernel.
    pub fn new(function: Activation, features: usize) -> Result<Self, CudaError> {
        let (function, of) = match function {
            Activation::LeakyRelu { slope } => (0, [slope, 0.0]),
            Activation::Elu { alpha } => (1, [alpha, 0.0]),
            Activation::Gelu => (2, [0.0; 2]),
            Activation::GeluTanh => (3, [0.0; 2]),
            Activation::Silu => (4, [0.0; 2]),
            Activation::Tanh => (5, [0.0; 2]),
            Activation::Sigmoid => (6, [0.0; 2]),
            Activation::Softplus => (7, [0.0; 2]),
            Activation::Clip { low, high } => (8, [low, high]),
            Activation::Sqrt => (9, [0.0; 2]),
            Activation::Reciprocal => (10, [0.0; 2]),
            other => return Err(CudaError::Unsupported { operations: vec![other.name().to_owned()] }),
        };
        Ok(Self { function, of, features })
    }

    /// `y = f(x)`.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if a slice has the wrong length, and a [`CudaError`] if the launch fails.
    pub fn forward<D: Device>(
        &self,
        device: &D,
        images: usize,
        x: Slice<'_, D, f32>,
        y: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        check_tensor("pointwise: x", x, self.features, images)?;
        check_tensor("pointwise: y", y, self.features, images)?;
        let launch = Launch::of("pointwise_forward").slice(x).slice(y).ints([x.len(), self.function]);
        launch.float(self.of[0]).float(self.of[1]).run(device, Grid::flat(x.len()))
    }

    /// `to = f′(x) d`, for both tangents and cotangents d.
    ///
    /// # Errors
    /// Returns the errors of [`forward`](Self::forward).
    pub fn slope<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        x: Slice<'_, D, f32>,
        d: Slice<'_, D, f32>,
        to: Slice<'_, D, f32>,
        write: Write,
    ) -> Result<(), CudaError> {
        let (images, count) = (columns.images, columns.count());
        check_tensor("pointwise slope: x", x, self.features, images)?;
        check_tensor("pointwise slope: d", d, self.features, count)?;
        check_tensor("pointwise slope: to", to, self.features, count)?;
        let launch = Launch::of("pointwise_slope").slice(x).slice(d).slice(to).ints([images, count]);
        let launch = launch.flag(write.adds()).ints([self.function]).float(self.of[0]).float(self.of[1]);
        launch.run(device, Grid::over_columns(self.features, count, 1))
    }

    /// Adds `f″(x) along ∘ d` to `to`: the change of the vjp of a fixed cotangent d along the tangents of the input.
    ///
    /// # Errors
    /// Returns the errors of [`forward`](Self::forward).
    pub fn curvature<D: Device>(
        &self,
        device: &D,
        images: usize,
        x: Slice<'_, D, f32>,
        along: Slice<'_, D, f32>,
        d: Slice<'_, D, f32>,
        to: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        for tensor in [x, along, d, to] {
            check_tensor("pointwise curvature: tensor", tensor, self.features, images)?;
        }
        let launch = Launch::of("pointwise_curvature").slice(x).slice(along).slice(d).slice(to);
        let launch = launch.ints([x.len(), self.function]).float(self.of[0]);
        launch.run(device, Grid::flat(x.len()))
    }
}
