//! Vectors.

use super::arrays::{SINGLE, assert_close, download, normal, rows, upload, widened};
use minima_cuda::linalg::{axpy, column_norms, dot, dot_workspace, norm, scale};
use minima_cuda::{Device, Slice};

/// Scaling, sums of multiples, inner products and norms.
pub fn vectors<D: Device>(device: &D) {
    for len in [1, 33, 1000, 70_000] {
        let (x, y) = (normal(70, len), normal(71, len));
        let (device_x, device_y) = (upload(device, &x), upload(device, &y));
        let (to, work) = (device.zeros::<f64>(1).unwrap(), device.zeros::<f64>(dot_workspace(len)).unwrap());
        let (wide_x, wide_y) = (widened(&x), widened(&y));
        let product: f64 = wide_x.iter().zip(&wide_y).map(|(x, y)| x * y).sum();
        dot(device, Slice::all(&device_x), Slice::all(&device_y), Slice::all(&to), Slice::all(&work)).unwrap();
        assert_close("dot", &download(device, &to), &[product], 1e-9);
        let (double_x, double_y) = (upload(device, &wide_x), upload(device, &wide_y));
        dot(device, Slice::all(&double_x), Slice::all(&double_y), Slice::all(&to), Slice::all(&work)).unwrap();
        assert_close("dot", &download(device, &to), &[product], 1e-9);
        norm(device, Slice::all(&device_x), Slice::all(&to), Slice::all(&work)).unwrap();
        let expected = wide_x.iter().map(|x| x * x).sum::<f64>().sqrt();
        assert_close("norm", &download(device, &to), &[expected], 1e-12);

        axpy(device, -0.3, Slice::all(&device_x), Slice::all(&device_y)).unwrap();
        scale(device, 2.0, Slice::all(&device_y)).unwrap();
        let expected: Vec<f64> = wide_x.iter().zip(&wide_y).map(|(x, y)| 2.0 * (y - 0.3 * x)).collect();
        assert_close("axpy and scale", &download(device, &device_y), &expected, SINGLE);
    }
}

/// The norm of each image's numbers.
pub fn norms_of_columns<D: Device>(device: &D) {
    for (features, images) in [(1, 1), (35, 33), (100, 5)] {
        let x = rows(72, features, images);
        let (device_x, norms) = (upload(device, x.as_slice().unwrap()), device.zeros::<f64>(images).unwrap());
        column_norms(device, features, Slice::all(&device_x), Slice::all(&norms)).unwrap();
        let norm = |i: usize| x.column(i).iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
        let expected: Vec<f64> = (0..images).map(norm).collect();
        assert_close("column norms", &download(device, &norms), &expected, 1e-14);
    }
}
