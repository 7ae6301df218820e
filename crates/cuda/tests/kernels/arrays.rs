//! Numbers for tests, their transfer to a device and back, and the comparison with expected numbers.

use minima_cuda::{Device, Element, Memory};
use minima_rng::Key;
use ndarray::{Array2, Array3, ArrayView2, ArrayView3};

/// Standard normal numbers, the same on every run.
pub fn normal(seed: u64, n: usize) -> Vec<f32> {
    Key::new(seed).normal(n)
}

/// Standard normal rows `(rows, columns)`.
pub fn rows(seed: u64, rows: usize, columns: usize) -> Array2<f32> {
    Array2::from_shape_vec((rows, columns), normal(seed, rows * columns)).unwrap()
}

/// Standard normal numbers `(directions, images, features)`.
pub fn directions(seed: u64, shape: (usize, usize, usize)) -> Array3<f32> {
    Array3::from_shape_vec(shape, normal(seed, shape.0 * shape.1 * shape.2)).unwrap()
}

/// Rows, one row per image, in the device's layout `[feature][image]`.
pub fn by_feature<T: Copy>(rows: ArrayView2<'_, T>) -> Vec<T> {
    rows.t().iter().copied().collect()
}

/// `(directions, images, features)` in the device's layout `[feature][direction · images + image]`.
pub fn by_column<T: Copy>(all: ArrayView3<'_, T>) -> Vec<T> {
    all.permuted_axes([2, 0, 1]).iter().copied().collect()
}

/// In double precision.
pub fn widened<'a>(numbers: impl IntoIterator<Item = &'a f32>) -> Vec<f64> {
    numbers.into_iter().map(|&x| f64::from(x)).collect()
}

/// A buffer with these numbers.
pub fn upload<D: Device, T: Element>(device: &D, numbers: &[T]) -> D::Buffer<T> {
    let mut buffer = device.zeros(numbers.len()).unwrap();
    device.upload(numbers, &mut buffer).unwrap();
    buffer
}

/// A buffer's numbers.
pub fn download<D: Device, T: Element + Default + Clone>(device: &D, buffer: &D::Buffer<T>) -> Vec<T> {
    let mut numbers = vec![T::default(); buffer.len()];
    device.download(buffer, &mut numbers).unwrap();
    numbers
}

/// A buffer of numbers that an operation must overwrite.
pub fn stale<D: Device>(device: &D, len: usize) -> D::Buffer<f32> {
    upload(device, &vec![f32::NAN; len])
}

/// Fails unless `‖found − expected‖` is below `tolerance · ‖expected‖`, or zero if all expected numbers are zero.
#[track_caller]
pub fn assert_close<A: Into<f64> + Copy, B: Into<f64> + Copy>(what: &str, found: &[A], expected: &[B], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}: another length");
    let (mut apart, mut size) = (0.0, 0.0);
    for (&found, &expected) in found.iter().zip(expected) {
        let (found, expected): (f64, f64) = (found.into(), expected.into());
        apart += (found - expected).powi(2);
        size += expected.powi(2);
    }
    let error = if size == 0.0 { apart.sqrt() } else { (apart / size).sqrt() };
    assert!(error < tolerance, "{what}: relative error {error:e}, tolerance {tolerance:e}");
}

/// The tolerance for single precision.
pub const SINGLE: f64 = 1e-5;
