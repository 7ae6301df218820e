//! The Gram matrix of a batch's gradients, as a sum over layers.

use super::pool::Loan;
use super::space::Space;
use crate::device::Device;
use crate::linalg::Gram;
use crate::slice::Slice;
use crate::{Columns, CudaError, Write};

/// The most numbers of per-sample gradients that wait for their product together: 1 GiB. A larger layer waits alone.
const WAITING: usize = 1 << 28;

/// A Gram matrix under construction, from the last layer to the first.
///
/// The per-sample gradients of several layers are rows of one matrix, whose product with itself is one launch.
pub(super) struct GramSum<'g, D: Device> {
    space: Space<'g, D>,
    columns: Columns,
    gram: Slice<'g, D, f32>,
    write: Write,
    /// Rows of per-sample gradients, `[parameter][column]`. They are filled from the end.
    gradients: Loan<D, f32>,
    capacity: usize,
    start: usize,
}

impl<'g, D: Device> GramSum<'g, D> {
    /// An empty sum, for layers with these numbers of rows.
    pub fn new(
        space: Space<'g, D>,
        columns: Columns,
        gram: Slice<'g, D, f32>,
        rows: &[usize],
    ) -> Result<Self, CudaError> {
        let (all, largest) = (rows.iter().sum::<usize>(), rows.iter().copied().max().unwrap_or(0));
        let capacity = all.min((WAITING / columns.count().max(1)).max(largest));
        let gradients = space.take(capacity * columns.count())?;
        Ok(Self { space, columns, gram, write: Write::Store, gradients, capacity, start: capacity })
    }

    /// Adds a layer whose per-sample gradients `fill` writes.
    pub fn add_gradients(
        &mut self,
        rows: usize,
        fill: impl FnOnce(Slice<'_, D, f32>) -> Result<(), CudaError>,
    ) -> Result<(), CudaError> {
        if rows > self.start {
            self.flush()?;
        }
        let order = self.columns.count();
        let first = self.start.saturating_sub(rows);
        fill(self.gradients.all().part(first * order..self.start * order)?)?;
        self.start = first;
        Ok(())
    }

    /// Adds a dense layer with these inputs `[input][image]` and cotangents `[output][column]`.
    pub fn add_product(
        &mut self,
        x: Slice<'_, D, f32>,
        dy: Slice<'_, D, f32>,
        outputs: usize,
        bias: bool,
    ) -> Result<(), CudaError> {
        let (device, images) = (self.space.device, self.columns.images);
        let inputs: Loan<D, f32> = self.space.take(images * images)?;
        let of_inputs = Gram { order: images };
        of_inputs.product(device, x, x.len() / images.max(1), inputs.all(), Write::Store)?;
        of_inputs.mirror(device, inputs.all())?;
        let gram = Gram { order: self.columns.count() };
        let workspace: Loan<D, f32> = self.space.take(gram.workspace(device, outputs))?;
        gram.dense(device, self.columns, dy, outputs, inputs.all(), bias, self.gram, self.write, workspace.all())?;
        self.write = Write::Add;
        Ok(())
    }

    /// Adds the product of the gradients that wait.
    fn flush(&mut self) -> Result<(), CudaError> {
        let (order, rows) = (self.columns.count(), self.capacity - self.start);
        if rows > 0 || self.write == Write::Store {
            let waiting = self.gradients.all().part(self.start * order..self.capacity * order)?;
            Gram { order }.product(self.space.device, waiting, rows, self.gram, self.write)?;
            self.write = Write::Add;
        }
        self.start = self.capacity;
        Ok(())
    }

    /// Adds what still waits.
    pub fn finish(mut self) -> Result<(), CudaError> {
        self.flush()
    }
}
