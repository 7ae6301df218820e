//! Softmax over one axis of a value, as in attention.

use crate::columns::check_tensor;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use crate::{Columns, CudaError, Write};

/// Softmax over the middle axis of a value `(outer, size, inner)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Softmax {
    /// The three sizes.
    pub shape: [usize; 3],
}

impl Softmax {
    /// `y = softmax(x)`.
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
        check_tensor("softmax: x", x, self.features(), images)?;
        check_tensor("softmax: y", y, self.features(), images)?;
        let launch = Launch::of("softmax_axis_forward").slice(x).slice(y).ints([images]).ints(self.vectors());
        launch.run(device, self.grid(images))
    }

    /// `to = y ∘ (d − ⟨y, d⟩)`, for both tangents and cotangents d.
    ///
    /// # Errors
    /// Returns the errors of [`forward`](Self::forward).
    pub fn derivative<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        y: Slice<'_, D, f32>,
        d: Slice<'_, D, f32>,
        to: Slice<'_, D, f32>,
        write: Write,
    ) -> Result<(), CudaError> {
        let (images, count) = (columns.images, columns.count());
        check_tensor("softmax derivative: y", y, self.features(), images)?;
        check_tensor("softmax derivative: d", d, self.features(), count)?;
        check_tensor("softmax derivative: to", to, self.features(), count)?;
        let launch = Launch::of("softmax_axis_derivative").slice(y).slice(d).slice(to).ints([images, count]);
        launch.flag(write.adds()).ints(self.vectors()).run(device, self.grid(count))
    }

    /// Adds to `to` the change of the vjp of a fixed cotangent `g` along the tangents `along` of the output.
    ///
    /// # Errors
    /// Returns the errors of [`forward`](Self::forward).
    pub fn curvature<D: Device>(
        &self,
        device: &D,
        images: usize,
        y: Slice<'_, D, f32>,
        along: Slice<'_, D, f32>,
        g: Slice<'_, D, f32>,
        to: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        for tensor in [y, along, g, to] {
            check_tensor("softmax curvature: tensor", tensor, self.features(), images)?;
        }
        let launch = Launch::of("softmax_axis_curvature").slice(y).slice(along).slice(g).slice(to).ints([images]);
        launch.ints(self.vectors()).run(device, self.grid(images))
    }

    fn features(&self) -> usize {
        self.shape.iter().product()
    }

    /// The size and the distance of a vector's entries, as arguments of the kernels.
    fn vectors(&self) -> [usize; 2] {
        [self.shape[1], self.shape[2]]
    }

    fn grid(&self, columns: usize) -> Grid {
        Grid::over_columns(self.shape[0] * self.shape[2], columns, 1)
    }
}
