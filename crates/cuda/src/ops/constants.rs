//! Constants of operations in a device's memory.

use crate::CudaError;
use crate::device::{Device, Element};

/// A buffer with these numbers.
pub(super) fn uploaded<D: Device, T: Element>(device: &D, numbers: &[T]) -> Result<D::Buffer<T>, CudaError> {
    let mut buffer = device.zeros(numbers.len())?;
    device.upload(numbers, &mut buffer)?;
    Ok(buffer)
}

/// A buffer with these numbers in single precision.
pub(super) fn uploaded_floats<D: Device>(device: &D, numbers: &[f64]) -> Result<D::Buffer<f32>, CudaError> {
    uploaded(device, &numbers.iter().map(|&x| x as f32).collect::<Vec<_>>())
}

/// A buffer with these places, of which none may be 2³² − 1 or more.
pub(super) fn uploaded_places<D: Device>(
    device: &D,
    what: &'static str,
    places: impl IntoIterator<Item = Option<usize>>,
) -> Result<D::Buffer<u32>, CudaError> {
    const LIMIT: usize = u32::MAX as usize - 1;
    let word = |place: Option<usize>| match place {
        None => Ok(u32::MAX),
        Some(place) if place <= LIMIT => Ok(place as u32),
        Some(found) => Err(CudaError::TooLarge { what, found, limit: LIMIT }),
    };
    uploaded(device, &places.into_iter().map(word).collect::<Result<Vec<u32>, CudaError>>()?)
}
