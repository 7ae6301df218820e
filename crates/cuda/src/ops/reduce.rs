//! The sum or the mean over axes.

use super::constants::uploaded_places;
use super::indices::indices;
use crate::columns::check_tensor;
use crate::device::{Device, Memory};
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use crate::{CudaError, Write};

/// `y[j] = share · Σ x[i]` over the entries i that go to entry j. The share is 1, or one over their number.
pub struct Reduce<D: Device> {
    /// For each entry of the output, the entries of the input.
    sources: D::Buffer<u32>,
    /// For each entry of the input, the entry of the output.
    targets: D::Buffer<u32>,
    outputs: usize,
    terms: usize,
    share: f64,
}

impl<D: Device> Reduce<D> {
    /// The sum over `axes` of a value of this shape, or the mean. Copies the lists of places to the device.
    ///
    /// # Errors
    /// Returns [`CudaError::Shape`] if the shape does not have the axes or a size is zero, and a [`CudaError`] if the device
    /// fails.
    pub fn new(device: &D, shape: &[usize], axes: &[usize], mean: bool) -> Result<Self, CudaError> {
        if axes.iter().any(|&axis| axis >= shape.len()) || shape.contains(&0) {
            return Err(CudaError::Shape { what: "reduction", found: format!("axes {axes:?} of {shape:?}") });
        }
        let kept = |axis: &usize| !axes.contains(axis);
        let outputs = (0..shape.len()).filter(kept).map(|axis| shape[axis]).product::<usize>();
        let of_output = |index: &[usize]| (0..shape.len()).filter(kept).fold(0, |at, k| at * shape[k] + index[k]);
        let targets: Vec<usize> = indices(shape).map(|index| of_output(&index)).collect();
        let mut sources = vec![Vec::new(); outputs];
        for (from, &to) in targets.iter().enumerate() {
            sources[to].push(from);
        }
        let terms = targets.len() / outputs.max(1);
        let what = "entries of a reduction";
        Ok(Self {
            sources: uploaded_places(device, what, sources.into_iter().flatten().map(Some))?,
            targets: uploaded_places(device, what, targets.into_iter().map(Some))?,
            outputs,
            terms,
            share: if mean { 1.0 / terms as f64 } else { 1.0 },
        })
    }

    /// The sums, for values and tangents.
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
        check_tensor("reduction: x", x, self.targets.len(), columns)?;
        check_tensor("reduction: y", y, self.outputs, columns)?;
        let launch = Launch::of("take_sums").slice(x).slice(Slice::all(&self.sources)).slice(y);
        let launch = launch.ints([columns, self.terms]).float(self.share);
        launch.run(device, Grid::over_columns(self.outputs, columns, 1))
    }

    /// `dx[i] = share · dy[j]`.
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
        check_tensor("reduction vjp: dy", dy, self.outputs, columns)?;
        check_tensor("reduction vjp: dx", dx, self.targets.len(), columns)?;
        let launch = Launch::of("take_shares").slice(dy).slice(Slice::all(&self.targets)).slice(dx);
        let launch = launch.ints([columns]).flag(write.adds()).float(self.share);
        launch.run(device, Grid::over_columns(self.targets.len(), columns, 1))
    }
}
