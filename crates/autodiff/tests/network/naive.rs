//! Operations by their definitions, one feature map `(height, width, channels)` at a time.

use minima_autodiff::{Conv2dSpec, Padding};
use ndarray::{Array3, ArrayView3, ArrayViewD};

/// A convolution: every output, every tap, zero outside the feature map.
pub(crate) fn conv2d(
    x: ArrayView3<f64>,
    spec: &Conv2dSpec,
    kernel: ArrayViewD<f64>,
    bias: ArrayViewD<f64>,
) -> Array3<f64> {
    let (height, width, channels) = x.dim();
    let mut low = [0; 2];
    let mut size = [0; 2];
    for (axis, input) in [height, width].into_iter().enumerate() {
        let (k, s) = (spec.kernel[axis], spec.stride[axis]);
        match spec.padding {
            Padding::Same => {
                size[axis] = input.div_ceil(s);
                low[axis] = ((size[axis] - 1) * s + k).saturating_sub(input) / 2;
            }
            Padding::Valid => size[axis] = (input - k) / s + 1,
        }
    }
    Array3::from_shape_fn((size[0], size[1], spec.features), |(h, w, o)| {
        let mut y = bias[[o]];
        for k in 0..spec.kernel[0] {
            for l in 0..spec.kernel[1] {
                let row = (h * spec.stride[0] + k).checked_sub(low[0]).filter(|&r| r < height);
                let column = (w * spec.stride[1] + l).checked_sub(low[1]).filter(|&c| c < width);
                if let (Some(row), Some(column)) = (row, column) {
                    y += (0..channels).map(|i| x[[row, column, i]] * kernel[[k, l, i, o]]).sum::<f64>();
                }
            }
        }
        y
    })
}

/// Applies `of` to the entries of every window within the feature map.
pub(crate) fn pool2d(x: ArrayView3<f64>, window: [usize; 2], stride: [usize; 2], of: fn(&[f64]) -> f64) -> Array3<f64> {
    let (height, width, channels) = x.dim();
    let size = [(height - window[0]) / stride[0] + 1, (width - window[1]) / stride[1] + 1];
    Array3::from_shape_fn((size[0], size[1], channels), |(h, w, c)| {
        let mut entries = Vec::new();
        for k in 0..window[0] {
            for l in 0..window[1] {
                entries.push(x[[h * stride[0] + k, w * stride[1] + l, c]]);
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
