//! `y = max(x, 0)`, as a separate operation.

use crate::columns::check_tensor;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use crate::{Columns, CudaError, Write};

/// The rectifier of `features` numbers per image. A NaN stays a NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relu {
    /// The number of features of an image.
    pub features: usize,
}

impl Relu {
    /// `y = max(x, 0)`.
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
        check_tensor("relu: x", x, self.features, images)?;
        check_tensor("relu: y", y, self.features, images)?;
        Launch::of("relu_forward").slice(x).slice(y).ints([x.len()]).run(device, Grid::flat(x.len()))
    }

    /// `y = max(y, 0)`.
    ///
    /// # Errors
    /// Returns the errors of [`forward`](Self::forward).
    pub fn in_place<D: Device>(&self, device: &D, images: usize, y: Slice<'_, D, f32>) -> Result<(), CudaError> {
        check_tensor("relu: y", y, self.features, images)?;
        Launch::of("relu_in_place").slice(y).ints([y.len()]).run(device, Grid::flat(y.len()))
    }

    /// A tangent or cotangent `to = from` where `y > 0`, else 0, for both vjp and jvp. `to` may be `from`.
    ///
    /// # Errors
    /// Returns the errors of [`forward`](Self::forward).
    pub fn gate<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        y: Slice<'_, D, f32>,
        from: Slice<'_, D, f32>,
        to: Slice<'_, D, f32>,
        write: Write,
    ) -> Result<(), CudaError> {
        let (images, count) = (columns.images, columns.count());
        check_tensor("relu gate: y", y, self.features, images)?;
        check_tensor("relu gate: from", from, self.features, count)?;
        check_tensor("relu gate: to", to, self.features, count)?;
        let launch = Launch::of("relu_gate").slice(y).slice(from).slice(to).ints([images, count]).flag(write.adds());
        launch.run(device, Grid::over_columns(self.features, count, 1))
    }
}
