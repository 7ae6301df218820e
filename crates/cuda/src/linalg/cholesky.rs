//! Cholesky factorization and triangular solves; see `cholesky.cu`.

use crate::columns::check_tensor;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use crate::{CudaError, Real};

/// Columns that are factored at once.
const BLOCK: usize = 32;
/// Rows of a panel per block of threads, and rows and columns of the tile that a block updates.
const ROWS: usize = 64;

/// Factorizations `A = L Lᵀ` of symmetric positive definite matrices `[order][order]`, and solves with `sides` right sides
/// `[side][order]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cholesky {
    /// The number of rows and columns of the matrix.
    pub order: usize,
    /// The number of right sides.
    pub sides: usize,
}

impl Cholesky {
    /// The size of the workspace that factorization and solves share. It holds the inverses of the diagonal blocks.
    #[must_use]
    pub fn workspace(&self) -> usize {
        BLOCK * self.order.next_multiple_of(BLOCK)
    }

    /// Solves `A x = b` in place for all right sides: [`factor`](Self::factor) combined with the forward substitution
    /// of the right sides, and then [`backward`](Self::backward).
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if a slice has the wrong length, and a [`CudaError`] if a launch fails.
    pub fn solve<D: Device, R: Real>(
        &self,
        device: &D,
        a: Slice<'_, D, R>,
        right: Slice<'_, D, R>,
        workspace: Slice<'_, D, R>,
        status: Slice<'_, D, u32>,
    ) -> Result<(), CudaError> {
        check_tensor("cholesky: right sides", right, self.sides, self.order)?;
        self.eliminate(device, a, Some(right), workspace, status)?;
        self.backward(device, a, right, workspace)
    }

    /// Factors the matrix in the lower triangle of `a` in place. The entries above the diagonal are neither read nor
    /// written. `status[0]` becomes 0, or the index plus 1 of the first pivot that is not a positive finite number;
    /// then the contents of `a` are invalid.
    ///
    /// # Errors
    /// Returns the errors of [`solve`](Self::solve).
    pub fn factor<D: Device, R: Real>(
        &self,
        device: &D,
        a: Slice<'_, D, R>,
        workspace: Slice<'_, D, R>,
        status: Slice<'_, D, u32>,
    ) -> Result<(), CudaError> {
        self.eliminate(device, a, None, workspace, status)
    }

    /// `right = L⁻¹ right`, with the factor `l` and the workspace that [`factor`](Self::factor) wrote.
    ///
    /// # Errors
    /// Returns the errors of [`solve`](Self::solve).
    pub fn forward<D: Device, R: Real>(
        &self,
        device: &D,
        l: Slice<'_, D, R>,
        right: Slice<'_, D, R>,
        workspace: Slice<'_, D, R>,
    ) -> Result<(), CudaError> {
        self.substitute(device, R::kernel("cholesky_forward_f32", "cholesky_forward_f64"), l, right, workspace)
    }

    /// `right = L⁻ᵀ right`, with the factor `l` and the workspace that [`factor`](Self::factor) wrote.
    ///
    /// # Errors
    /// Returns the errors of [`solve`](Self::solve).
    pub fn backward<D: Device, R: Real>(
        &self,
        device: &D,
        l: Slice<'_, D, R>,
        right: Slice<'_, D, R>,
        workspace: Slice<'_, D, R>,
    ) -> Result<(), CudaError> {
        self.substitute(device, R::kernel("cholesky_backward_f32", "cholesky_backward_f64"), l, right, workspace)
    }

    /// Factors `a`, and replaces each right side b by `L⁻¹ b`.
    fn eliminate<D: Device, R: Real>(
        &self,
        device: &D,
        a: Slice<'_, D, R>,
        right: Option<Slice<'_, D, R>>,
        workspace: Slice<'_, D, R>,
        status: Slice<'_, D, u32>,
    ) -> Result<(), CudaError> {
        self.check("cholesky: a", a, workspace)?;
        status.check("cholesky: status", 1)?;
        let sides = right.map_or(0, |_| self.sides);
        // A kernel without right sides does not read the pointer.
        let right = right.unwrap_or(workspace);
        let panel = R::kernel("cholesky_panel_f32", "cholesky_panel_f64");
        let update = R::kernel("cholesky_update_f32", "cholesky_update_f64");
        for first in (0..self.order).step_by(BLOCK) {
            let columns_left = self.order.saturating_sub(first + BLOCK);
            let rows_left = columns_left + sides;
            let sizes = [self.order, sides, first];
            let launch = Launch::of(panel).slice(a).slice(right).slice(workspace).slice(status).ints(sizes);
            launch.run(device, Grid::new([rows_left.div_ceil(ROWS).max(1), 1], [256, 1]))?;
            if rows_left > 0 {
                let tiles = [columns_left.div_ceil(ROWS).max(1), rows_left.div_ceil(ROWS)];
                let launch = Launch::of(update).slice(a).slice(right).slice(workspace).ints(sizes);
                launch.run(device, Grid::new(tiles, [16, 16]))?;
            }
        }
        let launch = Launch::of(R::kernel("cholesky_inverses_f32", "cholesky_inverses_f64")).slice(a).slice(workspace);
        launch.ints([self.order]).run(device, Grid::new([self.order.div_ceil(BLOCK), 1], [BLOCK as u32, 1]))
    }

    fn substitute<D: Device, R: Real>(
        &self,
        device: &D,
        kernel: &'static str,
        l: Slice<'_, D, R>,
        right: Slice<'_, D, R>,
        workspace: Slice<'_, D, R>,
    ) -> Result<(), CudaError> {
        self.check("cholesky: l", l, workspace)?;
        check_tensor("cholesky: right sides", right, self.sides, self.order)?;
        if self.order == 0 {
            return Ok(());
        }
        let launch = Launch::of(kernel).slice(l).slice(workspace).slice(right).ints([self.order]);
        launch.run(device, Grid::new([self.sides, 1], [1024, 1]))
    }

    fn check<D: Device, R: Real>(
        &self,
        what: &'static str,
        matrix: Slice<'_, D, R>,
        workspace: Slice<'_, D, R>,
    ) -> Result<(), CudaError> {
        check_tensor(what, matrix, self.order, self.order)?;
        workspace.check("cholesky: workspace", self.workspace())
    }
}
