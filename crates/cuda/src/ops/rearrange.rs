//! Entries of a value in another order: transposition and slices.

use super::constants::uploaded_places;
use super::indices::indices;
use crate::columns::check_tensor;
use crate::device::{Device, Memory};
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use crate::{CudaError, Write};
use minima_autodiff::Rearrangement;

/// `y[j] = x[i(j)]`, with no entry of x twice.
pub struct Rearrange<D: Device> {
    /// For each entry of the output, the entry of the input.
    sources: D::Buffer<u32>,
    /// For each entry of the input, the entry of the output, if there is one.
    targets: D::Buffer<u32>,
}

impl<D: Device> Rearrange<D> {
    /// Copies the lists of places to the device.
    ///
    /// # Errors
    /// Returns [`CudaError::Shape`] if axes or ranges do not fit the input's shape, and a [`CudaError`] if the device fails.
    pub fn new(device: &D, description: &Rearrangement) -> Result<Self, CudaError> {
        let refused = || CudaError::Shape { what: "rearrangement", found: format!("{description:?}") };
        let (shape, output, order, axis, start) = match description {
            Rearrangement::Transpose { shape, axes } => {
                let mut sorted = axes.clone();
                sorted.sort_unstable();
                if !sorted.into_iter().eq(0..shape.len()) {
                    return Err(refused());
                }
                (shape, axes.iter().map(|&axis| shape[axis]).collect::<Vec<_>>(), axes.clone(), 0, 0)
            }
            Rearrangement::Slice { shape, axis, range } => {
                let size = shape.get(*axis).copied().unwrap_or(0);
                if *axis >= shape.len() || range.start > range.end || range.end > size {
                    return Err(refused());
                }
                let mut output = shape.clone();
                output[*axis] = range.len();
                (shape, output, (0..shape.len()).collect(), *axis, range.start)
            }
        };
        let source = |index: Vec<usize>| {
            let mut from = index.clone();
            order.iter().zip(&index).for_each(|(&axis, &i)| from[axis] = i);
            if let Some(along) = from.get_mut(axis) {
                *along += start;
            }
            from.iter().zip(shape).fold(0, |flat, (i, size)| flat * size + i)
        };
        let sources: Vec<usize> = indices(&output).map(source).collect();
        let mut targets = vec![None; shape.iter().product()];
        for (to, &from) in sources.iter().enumerate() {
            *targets.get_mut(from).ok_or_else(refused)? = Some(to);
        }
        let what = "entries of a rearrangement";
        Ok(Self {
            sources: uploaded_places(device, what, sources.into_iter().map(Some))?,
            targets: uploaded_places(device, what, targets)?,
        })
    }

    /// `y[j] = x[i(j)]`, for values and tangents.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if a slice has the wrong length, and a [`CudaError`] if the launch fails.
    pub fn forward(
        &self,
        device: &D,
        columns: usize,
        x: Slice<'_, D, f32>,
        y: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        check_tensor("rearrangement: x", x, self.targets.len(), columns)?;
        check_tensor("rearrangement: y", y, self.sources.len(), columns)?;
        let launch = Launch::of("take").slice(x).slice(Slice::all(&self.sources)).slice(y).ints([columns]).flag(false);
        launch.run(device, Grid::over_columns(self.sources.len(), columns, 1))
    }

    /// `dx[i(j)] = dy[j]`, and zero for entries that are left out.
    ///
    /// # Errors
    /// Returns the errors of [`forward`](Self::forward).
    pub fn vjp(
        &self,
        device: &D,
        columns: usize,
        dy: Slice<'_, D, f32>,
        dx: Slice<'_, D, f32>,
        write: Write,
    ) -> Result<(), CudaError> {
        check_tensor("rearrangement vjp: dy", dy, self.sources.len(), columns)?;
        check_tensor("rearrangement vjp: dx", dx, self.targets.len(), columns)?;
        let launch = Launch::of("take").slice(dy).slice(Slice::all(&self.targets)).slice(dx).ints([columns]);
        launch.flag(write.adds()).run(device, Grid::over_columns(self.targets.len(), columns, 1))
    }
}
