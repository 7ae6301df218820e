//! Values side by side along an axis.

use crate::columns::check_tensor;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use crate::{CudaError, Write};

/// Values side by side along an axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concat {
    /// The product of the axes before the axis.
    pub outer: usize,
    /// For each input, the product of the axis and of the axes after it.
    pub runs: Vec<usize>,
}

impl Concat {
    /// Copies input number `which` to its place in `y`, for values and tangents.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if a slice has the wrong length, and a [`CudaError`] if the launch fails.
    pub fn put<D: Device>(
        &self,
        device: &D,
        columns: usize,
        which: usize,
        x: Slice<'_, D, f32>,
        y: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        let sizes = self.check(columns, which, x, y)?;
        let launch = Launch::of("concat_put").slice(x).slice(y).ints([columns]).ints(sizes);
        launch.run(device, Grid::over_columns(self.outer * sizes[0], columns, 1))
    }

    /// `dx`, the part of `dy` that belongs to input number `which`.
    ///
    /// # Errors
    /// Returns the errors of [`put`](Self::put).
    pub fn vjp<D: Device>(
        &self,
        device: &D,
        columns: usize,
        which: usize,
        dy: Slice<'_, D, f32>,
        dx: Slice<'_, D, f32>,
        write: Write,
    ) -> Result<(), CudaError> {
        let sizes = self.check(columns, which, dx, dy)?;
        let launch = Launch::of("concat_get").slice(dy).slice(dx).ints([columns]).flag(write.adds()).ints(sizes);
        launch.run(device, Grid::over_columns(self.outer * sizes[0], columns, 1))
    }

    /// An input's run, its start, and the sum of all runs.
    fn check<D: Device>(
        &self,
        columns: usize,
        which: usize,
        part: Slice<'_, D, f32>,
        whole: Slice<'_, D, f32>,
    ) -> Result<[usize; 3], CudaError> {
        let (run, sum) = (self.runs.get(which).copied().unwrap_or(0), self.runs.iter().sum::<usize>());
        check_tensor("concatenation: input", part, self.outer * run, columns)?;
        check_tensor("concatenation: output", whole, self.outer * sum, columns)?;
        Ok([run, self.runs.iter().take(which).sum(), sum])
    }
}
