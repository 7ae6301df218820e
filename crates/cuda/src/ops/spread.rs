//! The same numbers for every column: embeddings and constants.

use crate::columns::check_tensor;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use crate::{Columns, CudaError};

/// `y[f]` = `numbers[f]` for every column: parameters or constants as a value, and their tangents. The numbers of the next
/// direction begin `stride` numbers later.
///
/// # Errors
/// Returns [`CudaError::Length`] if a slice has the wrong length, and a [`CudaError`] if the launch fails.
pub fn spread<D: Device>(
    device: &D,
    columns: Columns,
    features: usize,
    numbers: Slice<'_, D, f32>,
    stride: usize,
    y: Slice<'_, D, f32>,
) -> Result<(), CudaError> {
    let needed = columns.directions.saturating_sub(1) * stride + features;
    if numbers.len() < needed {
        return Err(CudaError::Length { what: "spread: numbers", found: numbers.len(), expected: needed });
    }
    check_tensor("spread: y", y, features, columns.count())?;
    let launch = Launch::of("spread").slice(numbers).slice(y).ints([columns.images, columns.count(), stride]);
    launch.run(device, Grid::over_columns(features, columns.count(), 1))
}

/// `sums[f] = Σ x[f]` over the columns, in a fixed order: the gradient of parameters that are a value.
///
/// # Errors
/// Returns [`CudaError::Length`] if a slice has the wrong length, and a [`CudaError`] if the launch fails.
pub fn sum_of_columns<D: Device>(
    device: &D,
    columns: usize,
    x: Slice<'_, D, f32>,
    sums: Slice<'_, D, f32>,
) -> Result<(), CudaError> {
    over_columns(device, "sum_of_columns", "sum of columns: x", columns, x, sums)
}

/// `sums[f] = Σ x[f]²` over the columns, in a fixed order: the second moment of every image's gradient.
///
/// # Errors
/// Returns the errors of [`sum_of_columns`].
pub fn squares_of_columns<D: Device>(
    device: &D,
    columns: usize,
    x: Slice<'_, D, f32>,
    sums: Slice<'_, D, f32>,
) -> Result<(), CudaError> {
    over_columns(device, "squares_of_columns", "squares of columns: x", columns, x, sums)
}

/// Runs a kernel that reduces the columns to one number for each feature.
fn over_columns<D: Device>(
    device: &D,
    kernel: &'static str,
    what: &'static str,
    columns: usize,
    x: Slice<'_, D, f32>,
    sums: Slice<'_, D, f32>,
) -> Result<(), CudaError> {
    const LANES: u32 = 32;
    check_tensor(what, x, sums.len(), columns)?;
    let launch = Launch::of(kernel).slice(x).slice(sums).ints([columns]);
    launch.run(device, Grid::new([sums.len(), 1], [LANES, 1]))
}

/// Sets every number of `x`.
///
/// # Errors
/// Returns a [`CudaError`] if the launch fails.
pub fn fill<D: Device>(device: &D, x: Slice<'_, D, f32>, number: f64) -> Result<(), CudaError> {
    Launch::of("fill").slice(x).ints([x.len()]).float(number).run(device, Grid::flat(x.len()))
}

/// `sums[p] = Σ parts[part][p]`, in a fixed order.
///
/// # Errors
/// Returns [`CudaError::Length`] if there are not `parts` numbers for each sum, and a [`CudaError`] if the launch fails.
pub fn sum_of_parts<D: Device>(
    device: &D,
    partial: Slice<'_, D, f32>,
    parts: usize,
    sums: Slice<'_, D, f32>,
) -> Result<(), CudaError> {
    const COLUMNS: usize = 32;
    const SLICES: u32 = 8;
    partial.check("sum of parts: parts", parts * sums.len())?;
    let launch = Launch::of("conv2d_sum_of_parts").slice(partial).slice(sums).ints([parts, sums.len()]);
    launch.run(device, Grid::new([sums.len().div_ceil(COLUMNS), 1], [COLUMNS as u32, SLICES]))
}
