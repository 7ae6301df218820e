//! Gram matrices of columns, and the matrices of the Gauss-Newton systems.

use super::product::{Product, gram_by_library};
use crate::columns::check_tensor;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use crate::{Columns, CudaError, Real, Write};

/// Symmetric matrices of one order, `[order][order]`. Only the lower triangle is computed and read, unless a method
/// says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gram {
    /// The number of rows and columns.
    pub order: usize,
}

impl Gram {
    /// `G = Uᵀ U`, or `G += Uᵀ U`, for `u` `[row][order]`: per-sample gradients of convolutions, one row per parameter,
    /// or a layer's inputs.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if a slice has the wrong length, and a [`CudaError`] if the launch fails.
    pub fn product<D: Device>(
        &self,
        device: &D,
        u: Slice<'_, D, f32>,
        rows: usize,
        gram: Slice<'_, D, f32>,
        write: Write,
    ) -> Result<(), CudaError> {
        check_tensor("gram: u", u, rows, self.order)?;
        self.check("gram: gram", gram)?;
        if Product::of_gram(rows, self.order).is_by_library(device) {
            return gram_by_library(device, u, [rows, self.order], gram, write);
        }
        let kernel = if self.is_small() { "gram_lower_fine" } else { "gram_lower" };
        let launch = Launch::of(kernel).slice(u).slice(gram).ints([rows, self.order]).flag(write.adds());
        launch.run(device, self.grid())
    }

    /// `G = (Dᵀ D) ∘ (A + 1)`, or `G += …`, for a dense layer's output cotangents `D` `[output][column]` and the inner
    /// products `A` `[image][image]` of its inputs. An entry of `A` counts for all directions of its images. `order` is
    /// the number of columns. Without a `bias`, the 1 is 0. `workspace` has [`workspace`](Self::workspace) numbers.
    ///
    /// # Errors
    /// Returns the errors of [`product`](Self::product).
    #[expect(clippy::too_many_arguments, reason = "what it takes, each of another kind")]
    pub fn dense<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        cotangents: Slice<'_, D, f32>,
        outputs: usize,
        inputs: Slice<'_, D, f32>,
        bias: bool,
        gram: Slice<'_, D, f32>,
        write: Write,
        workspace: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        if columns.count() != self.order {
            return Err(CudaError::Length { what: "gram: columns", found: columns.count(), expected: self.order });
        }
        check_tensor("gram: cotangents", cotangents, outputs, self.order)?;
        inputs.check("gram: inputs", columns.images * columns.images)?;
        self.check("gram: gram", gram)?;
        workspace.check("gram: workspace", self.workspace(device, outputs))?;
        if Product::of_gram(outputs, self.order).is_by_library(device) {
            gram_by_library(device, cotangents, [outputs, self.order], workspace, Write::Store)?;
            let launch = Launch::of("gram_weighted").slice(workspace).slice(inputs).slice(gram);
            let launch = launch.ints([self.order, columns.images]).flag(bias).flag(write.adds());
            return launch.run(device, Grid::over_matrix(self.order));
        }
        let kernel = if self.is_small() { "gram_lower_dense_fine" } else { "gram_lower_dense" };
        let launch = Launch::of(kernel).slice(cotangents).slice(inputs).slice(gram);
        let launch = launch.ints([outputs, self.order, columns.images]).flag(bias).flag(write.adds());
        launch.run(device, self.grid())
    }

    /// The size of the workspace of [`dense`](Self::dense), for cotangents of so many outputs: a matrix, if the device's library
    /// computes their product.
    #[must_use]
    pub fn workspace<D: Device>(&self, device: &D, outputs: usize) -> usize {
        if Product::of_gram(outputs, self.order).is_by_library(device) { self.order * self.order } else { 0 }
    }

    /// Copies the lower triangle into the upper triangle.
    ///
    /// # Errors
    /// Returns the errors of [`product`](Self::product).
    pub fn mirror<D: Device>(&self, device: &D, gram: Slice<'_, D, f32>) -> Result<(), CudaError> {
        const TILE: usize = 32;
        const LINES: u32 = 8;
        self.check("mirror: gram", gram)?;
        let tiles = self.order.div_ceil(TILE);
        let launch = Launch::of("gram_mirror").slice(gram).ints([self.order]);
        launch.run(device, Grid::new([tiles, tiles], [TILE as u32, LINES]))
    }

    /// `system = G + λI`, in the precision of the solver.
    ///
    /// # Errors
    /// Returns the errors of [`product`](Self::product).
    pub fn damped<D: Device, R: Real>(
        &self,
        device: &D,
        gram: Slice<'_, D, f32>,
        damping: f64,
        system: Slice<'_, D, R>,
    ) -> Result<(), CudaError> {
        self.check("damped: gram", gram)?;
        self.check("damped: system", system)?;
        let launch = Launch::of(R::kernel("damped_f32", "damped_f64")).slice(gram).slice(system).ints([self.order]);
        launch.real::<R>(damping).run(device, Grid::over_matrix(self.order))
    }

    /// `system = s ∘ K ∘ s + λI`, which multiplies entry (a, b) by `s[a] s[b]`: the system of the published
    /// Gauss-Newton, with `s = √p`.
    ///
    /// # Errors
    /// Returns the errors of [`product`](Self::product).
    pub fn scaled_damped<D: Device, R: Real>(
        &self,
        device: &D,
        gram: Slice<'_, D, f32>,
        s: Slice<'_, D, R>,
        damping: f64,
        system: Slice<'_, D, R>,
    ) -> Result<(), CudaError> {
        self.check("scaled_damped: gram", gram)?;
        s.check("scaled_damped: s", self.order)?;
        self.check("scaled_damped: system", system)?;
        let launch = Launch::of(R::kernel("scaled_damped_f32", "scaled_damped_f64")).slice(gram).slice(s).slice(system);
        let launch = launch.ints([self.order]).real::<R>(damping);
        launch.run(device, Grid::over_matrix(self.order))
    }

    /// Whether tiles of 64 would be too few to occupy a GPU.
    fn is_small(&self) -> bool {
        self.order <= 512
    }

    fn grid(&self) -> Grid {
        const THREADS: u32 = 16;
        let tiles = self.order.div_ceil(if self.is_small() { 16 } else { 64 });
        Grid::new([tiles, tiles], [THREADS, THREADS])
    }

    fn check<D: Device, R: Real>(&self, what: &'static str, matrix: Slice<'_, D, R>) -> Result<(), CudaError> {
        check_tensor(what, matrix, self.order, self.order)
    }
}
