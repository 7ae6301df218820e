//! Vectors of single precision, and inner products in either precision; see `vector.cu`.

use crate::columns::check_tensor;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use crate::{CudaError, Real};

/// Threads of a block in a sum.
const THREADS: usize = 256;
/// The largest number of partial sums.
const PARTS: usize = 256;

/// `x = factor · x`.
///
/// # Errors
/// Returns a [`CudaError`] if the launch fails.
pub fn scale<D: Device>(device: &D, factor: f64, x: Slice<'_, D, f32>) -> Result<(), CudaError> {
    Launch::of("vector_scale").slice(x).ints([x.len()]).float(factor).run(device, Grid::flat(x.len()))
}

/// `y = y + factor · x`. A negative factor gives a step against `x`.
///
/// # Errors
/// Returns [`CudaError::Length`] if the lengths differ, and a [`CudaError`] if the launch fails.
pub fn axpy<D: Device>(device: &D, factor: f64, x: Slice<'_, D, f32>, y: Slice<'_, D, f32>) -> Result<(), CudaError> {
    y.check("axpy: y", x.len())?;
    Launch::of("vector_axpy").slice(x).slice(y).ints([x.len()]).float(factor).run(device, Grid::flat(x.len()))
}

/// `y = x`.
///
/// # Errors
/// Returns [`CudaError::Length`] if the lengths differ, and a [`CudaError`] if the launch fails.
pub fn copy<D: Device, R: Real>(device: &D, x: Slice<'_, D, R>, y: Slice<'_, D, R>) -> Result<(), CudaError> {
    y.check("copy: y", x.len())?;
    let launch = Launch::of(R::kernel("vector_copy_f32", "vector_copy_f64")).slice(x).slice(y).ints([x.len()]);
    launch.run(device, Grid::flat(x.len()))
}

/// `x = 0`.
///
/// # Errors
/// Returns a [`CudaError`] if the launch fails.
pub fn clear<D: Device>(device: &D, x: Slice<'_, D, f64>) -> Result<(), CudaError> {
    Launch::of("vector_clear").slice(x).ints([x.len()]).run(device, Grid::flat(x.len()))
}

/// The size of the workspace of [`dot`] and [`norm`] for vectors of length `len`.
#[must_use]
pub fn dot_workspace(len: usize) -> usize {
    len.div_ceil(THREADS).clamp(1, PARTS)
}

/// `to[0] = a · b`, summed in double precision and in a fixed order. `a` may be `b`.
///
/// # Errors
/// Returns [`CudaError::Length`] if the lengths differ, the workspace does not have [`dot_workspace`] numbers or `to`
/// is not one number, and a [`CudaError`] if a launch fails.
pub fn dot<D: Device, R: Real>(
    device: &D,
    a: Slice<'_, D, R>,
    b: Slice<'_, D, R>,
    to: Slice<'_, D, f64>,
    workspace: Slice<'_, D, f64>,
) -> Result<(), CudaError> {
    sum_of_products(device, a, b, to, workspace, false)
}

/// `to[0] = ‖a‖₂`, summed in double precision and in a fixed order.
///
/// # Errors
/// Returns the errors of [`dot`].
pub fn norm<D: Device, R: Real>(
    device: &D,
    a: Slice<'_, D, R>,
    to: Slice<'_, D, f64>,
    workspace: Slice<'_, D, f64>,
) -> Result<(), CudaError> {
    sum_of_products(device, a, a, to, workspace, true)
}

/// `norms[i] = ‖x[:, i]‖₂` for every column of `x` `[feature][column]`, in double precision: the norm of each image's
/// gradient if `x` holds input gradients.
///
/// # Errors
/// Returns [`CudaError::Length`] if `x` does not have `features` numbers for each norm, and a [`CudaError`] if the
/// launch fails.
pub fn column_norms<D: Device>(
    device: &D,
    features: usize,
    x: Slice<'_, D, f32>,
    norms: Slice<'_, D, f64>,
) -> Result<(), CudaError> {
    const COLUMNS: usize = 32;
    const SLICES: u32 = 8;
    check_tensor("column_norms: x", x, features, norms.len())?;
    let launch = Launch::of("column_norms").slice(x).slice(norms).ints([features, norms.len()]);
    launch.run(device, Grid::new([norms.len().div_ceil(COLUMNS), 1], [COLUMNS as u32, SLICES]))
}

fn sum_of_products<D: Device, R: Real>(
    device: &D,
    a: Slice<'_, D, R>,
    b: Slice<'_, D, R>,
    to: Slice<'_, D, f64>,
    workspace: Slice<'_, D, f64>,
    root: bool,
) -> Result<(), CudaError> {
    let parts = dot_workspace(a.len());
    b.check("dot: b", a.len())?;
    to.check("dot: to", 1)?;
    workspace.check("dot: workspace", parts)?;
    let launch = Launch::of(R::kernel("vector_dot_f32", "vector_dot_f64")).slice(a).slice(b).slice(workspace);
    launch.ints([a.len()]).run(device, Grid::new([parts, 1], [THREADS as u32, 1]))?;
    let launch = Launch::of("vector_total").slice(workspace).slice(to).ints([parts]).flag(root);
    launch.run(device, Grid::new([1, 1], [THREADS as u32, 1]))
}
