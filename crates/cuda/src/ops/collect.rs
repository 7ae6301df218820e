//! Sums of entries of a value, each of which goes to one place: sums over axes, transpositions and slices; see `take.cu`.

use super::constants::uploaded_places;
use crate::columns::check_tensor;
use crate::device::{Device, Memory};
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use crate::{CudaError, Write};

/// `y[j] = share · Σ x[i]` over the entries i that go to entry j: equally many for every j, and each i to one j or to none.
///
/// [`over_axes`](Self::over_axes) and [`rearranged`](Self::rearranged) make one.
pub struct Collect<D: Device> {
    /// For each entry of the output, the entries of the input.
    sources: D::Buffer<u32>,
    /// For each entry of the input, the entry of the output, if there is one.
    targets: D::Buffer<u32>,
    outputs: usize,
    terms: usize,
    share: f64,
}

impl<D: Device> Collect<D> {
    /// Copies the lists of places to the device. `targets` has an entry of the output for each entry of the input; `None` if the
    /// output does not have so many entries, or not equally many sources for each.
    pub(super) fn new(
        device: &D,
        targets: Vec<Option<usize>>,
        outputs: usize,
        share: f64,
    ) -> Result<Option<Self>, CudaError> {
        let mut sources = vec![Vec::new(); outputs];
        for (from, &to) in targets.iter().enumerate() {
            match to.map(|to| sources.get_mut(to)) {
                Some(Some(of)) => of.push(Some(from)),
                Some(None) => return Ok(None),
                None => {}
            }
        }
        let terms = sources.first().map_or(0, Vec::len);
        if sources.iter().any(|of| of.len() != terms) {
            return Ok(None);
        }
        let what = "entries of a value";
        Ok(Some(Self {
            sources: uploaded_places(device, what, sources.into_iter().flatten())?,
            targets: uploaded_places(device, what, targets)?,
            outputs,
            terms,
            share,
        }))
    }

    /// `y`, for values and tangents.
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
        check_tensor("collection: x", x, self.targets.len(), columns)?;
        check_tensor("collection: y", y, self.outputs, columns)?;
        let launch = Launch::of("take_sums").slice(x).slice(Slice::all(&self.sources)).slice(y);
        let launch = launch.ints([columns, self.terms]).float(self.share);
        launch.run(device, Grid::over_columns(self.outputs, columns, 1))
    }

    /// `dx[i] = share · dy[j]`, or 0 if entry i goes nowhere.
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
        check_tensor("collection vjp: dy", dy, self.outputs, columns)?;
        check_tensor("collection vjp: dx", dx, self.targets.len(), columns)?;
        let launch = Launch::of("take_shares").slice(dy).slice(Slice::all(&self.targets)).slice(dx);
        let launch = launch.ints([columns]).flag(write.adds()).float(self.share);
        launch.run(device, Grid::over_columns(self.targets.len(), columns, 1))
    }
}
