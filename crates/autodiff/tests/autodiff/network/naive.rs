//! Operations by their definitions, one feature map `(height, width, channels)` at a time.

use minima_autodiff::{Conv2dSpec, Padding, PoolSpec};
use ndarray::{Array3, ArrayView3, ArrayViewD};

/// The entries of the border before the feature map, and the number of windows, along one axis.
fn windows(padding: Padding, axis: usize, size: usize, reach: usize, stride: usize) -> (usize, usize) {
    match padding {
        Padding::Same => {
            let count = size.div_ceil(stride);
            (((count - 1) * stride + reach).saturating_sub(size) / 2, count)
        }
        Padding::Valid => (0, (size - reach) / stride + 1),
        Padding::Explicit { low, high } => (low[axis], (low[axis] + size + high[axis] - reach) / stride + 1),
    }
}

/// A convolution: every output, every tap, zero outside the feature map.
pub(crate) fn conv2d(
    x: ArrayView3<f64>,
    spec: &Conv2dSpec,
    kernel: ArrayViewD<f64>,
    bias: ArrayViewD<f64>,
) -> Array3<f64> {
    let (height, width, channels) = x.dim();
    let along = |axis: usize, size| {
        let reach = (spec.kernel[axis] - 1) * spec.dilation[axis] + 1;
        windows(spec.padding, axis, size, reach, spec.stride[axis])
    };
    let (low, size) = ([along(0, height).0, along(1, width).0], [along(0, height).1, along(1, width).1]);
    let inputs = channels / spec.groups;
    Array3::from_shape_fn((size[0], size[1], spec.features), |(h, w, o)| {
        let first = o / (spec.features / spec.groups) * inputs;
        let mut y = bias[[o]];
        for k in 0..spec.kernel[0] {
            for l in 0..spec.kernel[1] {
                let row = (h * spec.stride[0] + k * spec.dilation[0]).checked_sub(low[0]).filter(|&r| r < height);
                let column = (w * spec.stride[1] + l * spec.dilation[1]).checked_sub(low[1]).filter(|&c| c < width);
                if let (Some(row), Some(column)) = (row, column) {
                    y += (0..inputs).map(|i| x[[row, column, first + i]] * kernel[[k, l, i, o]]).sum::<f64>();
                }
            }
        }
        y
    })
}

/// Applies `of` to the entries of every window. Entries outside the feature map are `border`, or left out if it is
/// `None`.
pub(crate) fn pool2d(x: ArrayView3<f64>, spec: &PoolSpec, border: Option<f64>, of: fn(&[f64]) -> f64) -> Array3<f64> {
    let (height, width, channels) = x.dim();
    let along = |axis: usize, size| windows(spec.padding, axis, size, spec.window[axis], spec.stride[axis]);
    let ((above, rows), (left, columns)) = (along(0, height), along(1, width));
    Array3::from_shape_fn((rows, columns, channels), |(h, w, c)| {
        let mut entries = Vec::new();
        for k in 0..spec.window[0] {
            for l in 0..spec.window[1] {
                let row = (h * spec.stride[0] + k).checked_sub(above).filter(|&r| r < height);
                let column = (w * spec.stride[1] + l).checked_sub(left).filter(|&c| c < width);
                match (row, column) {
                    (Some(row), Some(column)) => entries.push(x[[row, column, c]]),
                    _ => entries.extend(border),
                }
            }
        }
        of(&entries)
    })
}

/// The mean.
pub(crate) fn mean(entries: &[f64]) -> f64 {
    entries.iter().sum::<f64>() / entries.len() as f64
}

/// The maximum.
pub(crate) fn max(entries: &[f64]) -> f64 {
    entries.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}
