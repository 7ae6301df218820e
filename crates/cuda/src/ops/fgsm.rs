//! The step of the fast gradient sign method.

use crate::CudaError;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;

/// `y = x + epsilon · sign(gradient)` with `sign(0) = 0`, clipped to 0 to 1 with `clip`. All slices have the same
/// length.
///
/// # Errors
/// Returns [`CudaError::Length`] if the lengths differ, and a [`CudaError`] if the launch fails.
pub fn fgsm<D: Device>(
    device: &D,
    x: Slice<'_, D, f32>,
    gradient: Slice<'_, D, f32>,
    y: Slice<'_, D, f32>,
    epsilon: f64,
    clip: bool,
) -> Result<(), CudaError> {
    gradient.check("fgsm: gradient", x.len())?;
    y.check("fgsm: y", x.len())?;
    let launch = Launch::of("fgsm").slice(x).slice(gradient).slice(y).ints([x.len()]).flag(clip).float(epsilon);
    launch.run(device, Grid::flat(x.len()))
}
