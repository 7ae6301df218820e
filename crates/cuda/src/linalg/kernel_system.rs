//! The other computations of the Gauss-Newton systems; see `kernel_system.cu`.

use crate::columns::check_tensor;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use crate::{Columns, CudaError, Real};

/// `to = s ∘ (K v)` for the kernel `K` `[order][order]` with both triangles, summed in the precision of `v`.
///
/// # Errors
/// Returns [`CudaError::Length`] if a slice does not match `s`, and a [`CudaError`] if the launch fails.
pub fn kernel_times<D: Device, R: Real>(
    device: &D,
    kernel: Slice<'_, D, f32>,
    v: Slice<'_, D, R>,
    s: Slice<'_, D, R>,
    to: Slice<'_, D, R>,
) -> Result<(), CudaError> {
    let order = s.len();
    check_tensor("kernel_times: kernel", kernel, order, order)?;
    v.check("kernel_times: v", order)?;
    to.check("kernel_times: to", order)?;
    let launch =
        Launch::of(R::kernel("kernel_times_f32", "kernel_times_f64")).slice(kernel).slice(v).slice(s).slice(to);
    launch.ints([order]).run(device, Grid::new([order, 1], [256, 1]))
}

/// `root = √p`, entry by entry.
///
/// # Errors
/// Returns [`CudaError::Length`] if the lengths differ, and a [`CudaError`] if the launch fails.
pub fn square_root<D: Device, R: Real>(device: &D, p: Slice<'_, D, R>, root: Slice<'_, D, R>) -> Result<(), CudaError> {
    root.check("square_root: root", p.len())?;
    let launch = Launch::of(R::kernel("square_root_f32", "square_root_f64")).slice(p).slice(root).ints([p.len()]);
    launch.run(device, Grid::flat(p.len()))
}

/// `w[c][i] = Σ_k factors[c][k · images + i] · y[k · images + i]`, rounded to single precision. It is the cotangent of
/// the direction, from the Hessian's factors and the solution of the system.
///
/// # Errors
/// Returns [`CudaError::Length`] if a slice has the wrong length, and a [`CudaError`] if the launch fails.
pub fn factors_times<D: Device, R: Real>(
    device: &D,
    columns: Columns,
    classes: usize,
    factors: Slice<'_, D, R>,
    y: Slice<'_, D, R>,
    w: Slice<'_, D, f32>,
) -> Result<(), CudaError> {
    check_tensor("factors_times: factors", factors, classes, columns.count())?;
    y.check("factors_times: y", columns.count())?;
    check_tensor("factors_times: w", w, classes, columns.images)?;
    let launch = Launch::of(R::kernel("factors_times_f32", "factors_times_f64")).slice(factors).slice(y).slice(w);
    let launch = launch.ints([columns.images, columns.directions]);
    launch.run(device, Grid::over_columns(classes, columns.images, 1))
}

/// `cotangents[c][k · images + i]` = 1 if c is k, else 0: the directions whose Gram matrix is the kernel `J Jᵀ`.
///
/// # Errors
/// Returns [`CudaError::Length`] if `cotangents` has the wrong length, and a [`CudaError`] if the launch fails.
pub fn unit_directions<D: Device>(
    device: &D,
    images: usize,
    classes: usize,
    cotangents: Slice<'_, D, f32>,
) -> Result<(), CudaError> {
    check_tensor("unit_directions: cotangents", cotangents, classes, classes * images)?;
    let launch = Launch::of("unit_directions").slice(cotangents).ints([images, classes]);
    launch.run(device, Grid::over_columns(classes, classes * images, 1))
}

/// The published Gauss-Newton after its solve. With `s = √p` and `K` the kernel, `along = s ∘ K r` for the residual `r`
/// of the mean loss, and `y` and `x` are the solutions of `(λI + s ∘ K ∘ s) (y, x) = (along, s)`. All are
/// `[class][image]`.
pub struct PublishedSystem<'a, D: Device, R: Real> {
    /// `√p`.
    pub s: Slice<'a, D, R>,
    /// The cotangent of the mean loss.
    pub residual: Slice<'a, D, R>,
    /// `s ∘ K r`.
    pub along: Slice<'a, D, R>,
    /// The first solution.
    pub y: Slice<'a, D, R>,
    /// The second solution.
    pub x: Slice<'a, D, R>,
    /// The damping λ.
    pub damping: f64,
}

impl<D: Device, R: Real> PublishedSystem<'_, D, R> {
    /// `w = (r − s ∘ y) / λ + share · s ∘ x`, rounded to single precision, with
    /// `share[0] = x·along / (1 − s·s + λ s·x)`: the cotangent of the direction.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if the lengths differ or `share` is not one number, and a [`CudaError`] if a
    /// launch fails.
    pub fn cotangent(&self, device: &D, share: Slice<'_, D, R>, w: Slice<'_, D, f32>) -> Result<(), CudaError> {
        let order = self.s.len();
        self.residual.check("published: residual", order)?;
        self.along.check("published: along", order)?;
        self.y.check("published: y", order)?;
        self.x.check("published: x", order)?;
        share.check("published: share", 1)?;
        w.check("published: w", order)?;
        let launch = Launch::of(R::kernel("published_share_f32", "published_share_f64")).slice(self.s).slice(self.x);
        let launch = launch.slice(self.along).slice(share).ints([order]).real::<R>(self.damping);
        launch.run(device, Grid::new([1, 1], [256, 1]))?;
        let launch = Launch::of(R::kernel("published_cotangent_f32", "published_cotangent_f64"));
        let launch = launch.slice(self.residual).slice(self.s).slice(self.y).slice(self.x).slice(share).slice(w);
        launch.ints([order]).real::<R>(self.damping).run(device, Grid::flat(order))
    }
}
