//! Entries of a value in another order: transposition and slices.

use super::Collect;
use super::indices::indices;
use crate::CudaError;
use crate::device::Device;
use minima_autodiff::Rearrangement;

impl<D: Device> Collect<D> {
    /// The entries of a value in another order, each at most once. Copies the lists of places to the device.
    ///
    /// # Errors
    /// Returns [`CudaError::Shape`] if axes or ranges do not fit the input's shape, and a [`CudaError`] if the device fails.
    pub fn rearranged(device: &D, description: &Rearrangement) -> Result<Self, CudaError> {
        let refused = || CudaError::Shape { what: "rearrangement", found: format!("{description:?}") };
        let (shape, output, order, axis, start) = match description {
            Rearrangement::Transpose { shape, axes } => {
                let mut sorted = axes.clone();
                sorted.sort_unstable();
                if !sorted.into_iter().eq(0..shape.len()) {
                    return Err(refused());
                }
                (shape, axes.iter().map(|&axis| shape[axis]).collect::<Vec<_>>(), axes.clone(), 0, 0)
            }
            Rearrangement::Slice { shape, axis, range } => {
                let size = shape.get(*axis).copied().unwrap_or(0);
                if *axis >= shape.len() || range.start > range.end || range.end > size {
                    return Err(refused());
                }
                let mut output = shape.clone();
                output[*axis] = range.len();
                (shape, output, (0..shape.len()).collect(), *axis, range.start)
            }
        };
        let source = |index: Vec<usize>| {
            let mut from = index.clone();
            order.iter().zip(&index).for_each(|(&axis, &i)| from[axis] = i);
            if let Some(along) = from.get_mut(axis) {
                *along += start;
            }
            from.iter().zip(shape).fold(0, |flat, (i, size)| flat * size + i)
        };
        let sources: Vec<usize> = indices(&output).map(source).collect();
        let mut targets = vec![None; shape.iter().product()];
        for (to, &from) in sources.iter().enumerate() {
            *targets.get_mut(from).ok_or_else(refused)? = Some(to);
        }
        Self::new(device, targets, sources.len(), 1.0)?.ok_or_else(refused)
    }
}
