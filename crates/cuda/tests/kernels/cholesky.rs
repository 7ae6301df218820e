//! Cholesky factorization and solves, compared with minima-linalg.

use super::arrays::{assert_close, download, normal, rows, upload};
use minima_cuda::linalg::Cholesky;
use minima_cuda::{Device, Memory, Real, Slice};
use minima_linalg::Cholesky as CpuCholesky;
use ndarray::{Array2, Axis};

const ORDERS: [usize; 8] = [1, 5, 31, 32, 33, 64, 130, 200];

/// A well-conditioned positive definite matrix.
fn matrix(order: usize) -> Array2<f64> {
    let a = rows(60, order, order).mapv(f64::from);
    let mut a = a.dot(&a.t()) / order as f64;
    a.diag_mut().mapv_inplace(|d| d + 0.5);
    a
}

/// One factorization with right sides included, and one with separate substitutions.
fn in_precision<D: Device, R: Real + Into<f64>>(device: &D, of: fn(f64) -> R, tolerance: f64) {
    for order in ORDERS {
        for sides in [1, 2] {
            let a = matrix(order);
            let b: Vec<f64> = normal(61, sides * order).into_iter().map(f64::from).collect();
            let expected = {
                let b = Array2::from_shape_vec((sides, order), b.clone()).unwrap();
                CpuCholesky::factor(a.clone()).unwrap().solve(b.t()).unwrap().reversed_axes()
            };
            let expected: Vec<f64> = expected.iter().copied().collect();
            let narrowed = |all: &[f64]| all.iter().map(|&x| of(x)).collect::<Vec<R>>();
            // The entries above the diagonal are neither read nor written.
            let mut lower = a.clone();
            for (r, mut row) in lower.axis_iter_mut(Axis(0)).enumerate() {
                row.iter_mut().skip(r + 1).for_each(|x| *x = f64::NAN);
            }
            let op = Cholesky { order, sides };
            let what = format!("order {order}, {sides} right sides");
            let system = narrowed(lower.as_slice().unwrap());
            let (workspace, status) = (device.zeros::<R>(op.workspace()).unwrap(), device.zeros::<u32>(1).unwrap());
            let (workspace, status) = (Slice::all(&workspace), &status);

            let (left, right) = (upload(device, &system), upload(device, &narrowed(&b)));
            let (matrix, side) = (Slice::all(&left), Slice::all(&right));
            op.solve(device, matrix, side, workspace, Slice::all(status)).unwrap();
            assert_eq!(download(device, status), [0], "{what}");
            assert_close(&what, &download(device, &right), &expected, tolerance);

            let (left, right) = (upload(device, &system), upload(device, &narrowed(&b)));
            let (matrix, side) = (Slice::all(&left), Slice::all(&right));
            op.factor(device, matrix, workspace, Slice::all(status)).unwrap();
            assert_eq!(download(device, status), [0], "{what}");
            op.forward(device, matrix, side, workspace).unwrap();
            op.backward(device, matrix, side, workspace).unwrap();
            assert_close(&what, &download(device, &right), &expected, tolerance);

            let l = download(device, &left);
            assert_eq!(l.len(), left.len());
            let entry = |r: usize, c: usize| -> f64 { l[r * order + c].into() };
            assert!((0..order).all(|r| (r + 1..order).all(|c| entry(r, c).is_nan())));
            let product = |r: usize, c: usize| (0..=c).map(|k| entry(r, k) * entry(c, k)).sum::<f64>();
            let places = || (0..order).flat_map(|r| (0..=r).map(move |c| (r, c)));
            let found: Vec<f64> = places().map(|(r, c)| product(r, c)).collect();
            let expected: Vec<f64> = places().map(|(r, c)| a[[r, c]]).collect();
            assert_close(&what, &found, &expected, tolerance);
        }
    }
}

/// In single precision.
pub fn single<D: Device>(device: &D) {
    in_precision::<D, f32>(device, |x| x as f32, 1e-5);
}

/// In double precision.
pub fn double<D: Device>(device: &D) {
    in_precision::<D, f64>(device, |x| x, 1e-13);
}

/// The first pivot that is not a positive number is reported, and a valid matrix after it succeeds.
pub fn bad_pivots<D: Device>(device: &D) {
    let order = 70;
    let op = Cholesky { order, sides: 0 };
    let (workspace, status) = (device.zeros::<f64>(op.workspace()).unwrap(), device.zeros::<u32>(1).unwrap());
    let (workspace, status) = (Slice::all(&workspace), &status);
    for pivot in [0, 31, 32, 69] {
        for value in [-1.0, 0.0, f64::NAN, f64::INFINITY] {
            let mut a = Array2::eye(order);
            a[[pivot, pivot]] = value;
            let matrix = upload(device, a.as_slice().unwrap());
            op.factor(device, Slice::all(&matrix), workspace, Slice::all(status)).unwrap();
            assert_eq!(download(device, status), [pivot as u32 + 1], "{value} at {pivot}");
        }
    }
    let matrix = upload(device, Array2::<f64>::eye(order).as_slice().unwrap());
    op.factor(device, Slice::all(&matrix), workspace, Slice::all(status)).unwrap();
    assert_eq!(download(device, status), [0]);
}
