//! The sum or the mean over axes.

use super::Collect;
use super::indices::indices;
use crate::CudaError;
use crate::device::Device;

impl<D: Device> Collect<D> {
    /// The sum over `axes` of a value of this shape, or the mean. Copies the lists of places to the device.
    ///
    /// # Errors
    /// Returns [`CudaError::Shape`] if the shape does not have the axes or a size is zero, and a [`CudaError`] if the device
    /// fails.
    pub fn over_axes(device: &D, shape: &[usize], axes: &[usize], mean: bool) -> Result<Self, CudaError> {
        let refused = || CudaError::Shape { what: "reduction", found: format!("axes {axes:?} of {shape:?}") };
        if axes.iter().any(|&axis| axis >= shape.len()) || shape.contains(&0) {
            return Err(refused());
        }
        let kept = |axis: &usize| !axes.contains(axis);
        let outputs = (0..shape.len()).filter(kept).map(|axis| shape[axis]).product::<usize>();
        let of_output = |index: &[usize]| (0..shape.len()).filter(kept).fold(0, |at, k| at * shape[k] + index[k]);
        let targets: Vec<Option<usize>> = indices(shape).map(|index| Some(of_output(&index))).collect();
        let share = if mean { outputs as f64 / targets.len() as f64 } else { 1.0 };
        Self::new(device, targets, outputs, share)?.ok_or_else(refused)
    }
}
