//! The maximum over windows of a feature map.

use super::PoolWindow;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use crate::{Columns, CudaError, Write};

/// Max pooling. If a window has several equal maxima, the first one gets the derivative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxPool2d(pub PoolWindow);

impl MaxPool2d {
    /// `y`, the windows' maxima.
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
        self.0.check_input("max_pool2d: x", x, images)?;
        self.0.check_output("max_pool2d: y", y, images)?;
        let launch = Launch::of("max_pool2d_forward").slice(x).slice(y).ints([images]).ints(self.0.shape());
        launch.run(device, Grid::over_columns(self.0.outputs(), images, 1))
    }

    /// `dx = (∂y/∂x)ᵀ dy` at x with maxima y, multiplied by `x > 0` with `gated` (if x is rectified).
    ///
    /// # Errors
    /// Returns the errors of [`forward`](Self::forward).
    #[expect(clippy::too_many_arguments, reason = "what it takes, each of another kind")]
    pub fn vjp<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        x: Slice<'_, D, f32>,
        y: Slice<'_, D, f32>,
        dy: Slice<'_, D, f32>,
        dx: Slice<'_, D, f32>,
        write: Write,
        gated: bool,
    ) -> Result<(), CudaError> {
        let (images, count) = (columns.images, columns.count());
        self.0.check_input("max_pool2d vjp: x", x, images)?;
        self.0.check_output("max_pool2d vjp: y", y, images)?;
        self.0.check_output("max_pool2d vjp: dy", dy, count)?;
        self.0.check_input("max_pool2d vjp: dx", dx, count)?;
        let launch = Launch::of("max_pool2d_vjp").slice(x).slice(y).slice(dy).slice(dx).ints([images, count]);
        let launch = launch.flag(gated).flag(write.adds()).ints(self.0.shape());
        launch.run(device, Grid::over_columns(self.0.inputs(), count, 1))
    }

    /// `dy = ∂y/∂x · dx` at x with maxima y.
    ///
    /// # Errors
    /// Returns the errors of [`forward`](Self::forward).
    pub fn jvp<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        x: Slice<'_, D, f32>,
        y: Slice<'_, D, f32>,
        dx: Slice<'_, D, f32>,
        dy: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        let (images, count) = (columns.images, columns.count());
        self.0.check_input("max_pool2d jvp: x", x, images)?;
        self.0.check_output("max_pool2d jvp: y", y, images)?;
        self.0.check_input("max_pool2d jvp: dx", dx, count)?;
        self.0.check_output("max_pool2d jvp: dy", dy, count)?;
        let launch = Launch::of("max_pool2d_jvp").slice(x).slice(y).slice(dx).slice(dy).ints([images, count]);
        launch.ints(self.0.shape()).run(device, Grid::over_columns(self.0.outputs(), count, 1))
    }
}
