//! `y = a + b`, for residual connections.

use crate::columns::check_tensor;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use crate::{Columns, CudaError, Write};

/// The sum of two values with `features` numbers per image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Add {
    /// The number of features of an image.
    pub features: usize,
}

impl Add {
    /// `y = a + b`, or `max(a + b, 0)` with `relu`. `a` may be `b`.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if a slice has the wrong length, and a [`CudaError`] if the launch fails.
    pub fn forward<D: Device>(
        &self,
        device: &D,
        images: usize,
        a: Slice<'_, D, f32>,
        b: Slice<'_, D, f32>,
        y: Slice<'_, D, f32>,
        relu: bool,
    ) -> Result<(), CudaError> {
        self.sum(device, Columns::of_images(images), a, b, y, relu, None)
    }

    /// `dy = da + db`, multiplied by `gate > 0` (`gate` is y, if y is rectified). With one tangent alone, use
    /// [`vjp`](Self::vjp) with [`Write::Store`].
    ///
    /// # Errors
    /// Returns the errors of [`forward`](Self::forward).
    pub fn jvp<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        da: Slice<'_, D, f32>,
        db: Slice<'_, D, f32>,
        dy: Slice<'_, D, f32>,
        gate: Option<Slice<'_, D, f32>>,
    ) -> Result<(), CudaError> {
        self.sum(device, columns, da, db, dy, false, gate)
    }

    /// `dx = dy` for one of the two inputs, multiplied by `gate > 0` (`gate` is that input, if it is rectified).
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
        check_tensor("add vjp: dy", dy, self.features, count)?;
        check_tensor("add vjp: dx", dx, self.features, count)?;
        if let Some(gate) = gate {
            check_tensor("add vjp: gate", gate, self.features, images)?;
        }
        let launch = Launch::of("add_vjp").slice(dy).slice(gate.unwrap_or(dy)).slice(dx).ints([images, count]);
        let launch = launch.flag(gate.is_some()).flag(write.adds());
        launch.run(device, Grid::over_columns(self.features, count, 1))
    }

    #[expect(clippy::too_many_arguments, reason = "what it takes, each of another kind")]
    fn sum<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        a: Slice<'_, D, f32>,
        b: Slice<'_, D, f32>,
        y: Slice<'_, D, f32>,
        relu: bool,
        gate: Option<Slice<'_, D, f32>>,
    ) -> Result<(), CudaError> {
        let (images, count) = (columns.images, columns.count());
        check_tensor("add: a", a, self.features, count)?;
        check_tensor("add: b", b, self.features, count)?;
        check_tensor("add: y", y, self.features, count)?;
        if let Some(gate) = gate {
            check_tensor("add: gate", gate, self.features, images)?;
        }
        let launch = Launch::of("add_forward").slice(a).slice(b).slice(y).slice(gate.unwrap_or(a));
        let launch = launch.ints([images, count]).flag(relu).flag(gate.is_some());
        launch.run(device, Grid::over_columns(self.features, count, 1))
    }
}
