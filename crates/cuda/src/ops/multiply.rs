//! The product of two values, number by number.

use crate::columns::check_tensor;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use crate::{Columns, CudaError, Write};

/// The product of two values with `features` numbers per image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multiply {
    /// The number of features of an image.
    pub features: usize,
}

impl Multiply {
    /// `to = value ∘ d`, where `value` has one column for each image: the product of two values, its vjp with the other value,
    /// and each of the two terms of its jvp. `value` may be `d`.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if a slice has the wrong length, and a [`CudaError`] if the launch fails.
    pub fn by_value<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        value: Slice<'_, D, f32>,
        d: Slice<'_, D, f32>,
        to: Slice<'_, D, f32>,
        write: Write,
    ) -> Result<(), CudaError> {
        let (images, count) = (columns.images, columns.count());
        check_tensor("multiply: value", value, self.features, images)?;
        check_tensor("multiply: d", d, self.features, count)?;
        check_tensor("multiply: to", to, self.features, count)?;
        let launch = Launch::of("multiply").slice(value).slice(d).slice(to).ints([images, count]).flag(write.adds());
        launch.run(device, Grid::over_columns(self.features, count, 1))
    }
}
