//! The mean over windows of a feature map.

use super::PoolWindow;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use crate::{Columns, CudaError, Write};

/// Average pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AvgPool2d(pub PoolWindow);

impl AvgPool2d {
    /// `y`, the windows' means, or `max(y, 0)` with `relu`.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if a slice has the wrong length, and a [`CudaError`] if the launch fails.
    pub fn forward<D: Device>(
        &self,
        device: &D,
        images: usize,
        x: Slice<'_, D, f32>,
        y: Slice<'_, D, f32>,
        relu: bool,
    ) -> Result<(), CudaError> {
        self.means(device, Columns::of_images(images), x, y, relu, None)
    }

    /// `dy = ∂y/∂x · dx`, multiplied by `gate > 0` (`gate` is y, if y is rectified).
    ///
    /// # Errors
    /// Returns the errors of [`forward`](Self::forward).
    pub fn jvp<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        dx: Slice<'_, D, f32>,
        dy: Slice<'_, D, f32>,
        gate: Option<Slice<'_, D, f32>>,
    ) -> Result<(), CudaError> {
        self.means(device, columns, dx, dy, false, gate)
    }

    /// `dx = (∂y/∂x)ᵀ dy`, multiplied by `gate > 0` (`gate` is x, if x is rectified).
    ///
    /// # Errors
    /// Returns the errors of [`forward`](Self::forward).
    pub fn vjp<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        dy: Slice<'_, D, f32>,
        dx: Slice<'_, D, f32>,
        write: Write,
        gate: Option<Slice<'_, D, f32>>,
    ) -> Result<(), CudaError> {
        let (images, count) = (columns.images, columns.count());
        self.0.check_output("avg_pool2d vjp: dy", dy, count)?;
        self.0.check_input("avg_pool2d vjp: dx", dx, count)?;
        if let Some(gate) = gate {
            self.0.check_input("avg_pool2d vjp: gate", gate, images)?;
        }
        let launch = Launch::of("avg_pool2d_vjp").slice(dy).slice(gate.unwrap_or(dy)).slice(dx).ints([images, count]);
        let launch = launch.flag(gate.is_some()).flag(write.adds()).ints(self.0.shape());
        launch.run(device, Grid::over_columns(self.0.inputs(), count, 1))
    }

    fn means<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        x: Slice<'_, D, f32>,
        y: Slice<'_, D, f32>,
        relu: bool,
        gate: Option<Slice<'_, D, f32>>,
    ) -> Result<(), CudaError> {
        let (images, count) = (columns.images, columns.count());
        self.0.check_input("avg_pool2d: x", x, count)?;
        self.0.check_output("avg_pool2d: y", y, count)?;
        if let Some(gate) = gate {
            self.0.check_output("avg_pool2d: gate", gate, images)?;
        }
        let launch = Launch::of("avg_pool2d_forward").slice(x).slice(y).slice(gate.unwrap_or(x)).ints([images, count]);
        let launch = launch.flag(relu).flag(gate.is_some()).ints(self.0.shape());
        launch.run(device, Grid::over_columns(self.0.outputs(), count, 1))
    }
}
