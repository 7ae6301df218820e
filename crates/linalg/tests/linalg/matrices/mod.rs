//! Matrices with known properties, and norms in double precision.

use minima_linalg::Real;
use ndarray::{Array1, Array2, ArrayView2, Axis, Slice};

/// Converts a number to the precision under test.
pub(crate) fn cast<R: Real>(x: f64) -> R {
    <R as num_traits::NumCast>::from(x).unwrap_or_else(R::nan)
}

/// Converts an array to double precision.
pub(crate) fn wide<R: Real>(a: ArrayView2<'_, R>) -> Array2<f64> {
    a.mapv(|x| x.to_f64().unwrap_or(f64::NAN))
}

/// Converts an array to the precision under test.
pub(crate) fn narrow<R: Real>(a: &Array2<f64>) -> Array2<R> {
    a.mapv(cast)
}

/// The distance from 1 to the next larger number.
pub(crate) fn eps<R: Real>() -> f64 {
    R::epsilon().to_f64().unwrap_or(f64::NAN)
}

/// Frobenius norm.
pub(crate) fn norm(a: &Array2<f64>) -> f64 {
    a.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// Uniform in [-1, 1), by Knuth's MMIX generator.
pub(crate) fn uniform(rows: usize, cols: usize, seed: u64) -> Array2<f64> {
    let mut state = seed;
    Array2::from_shape_simple_fn((rows, cols), || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    })
}

/// `Q diag(spectrum) Qᵀ`, exactly symmetric. `Q` is a product of eight Householder reflections.
pub(crate) fn with_spectrum(spectrum: &[f64], seed: u64) -> Array2<f64> {
    let order = spectrum.len();
    let mut a = Array2::from_diag(&Array1::from(spectrum.to_vec()));
    for reflection in 0..8 {
        let v = uniform(order, 1, seed + reflection);
        let scale = 2.0 / v.iter().map(|x| x * x).sum::<f64>();
        let left = v.t().dot(&a) * scale;
        a = &a - &v.dot(&left);
        let right = a.dot(&v) * scale;
        a = &a - &right.dot(&v.t());
    }
    (&a + &a.t()) / 2.0
}

/// A geometric sequence from `first` to `last`.
pub(crate) fn graded(first: f64, last: f64, count: usize) -> Vec<f64> {
    let ratio = (last / first).ln() / (count - 1) as f64;
    (0..count).map(|i| first * (ratio * i as f64).exp()).collect()
}

/// A copy with gaps between its rows and columns.
pub(crate) fn gapped<R: Real>(a: &Array2<R>) -> Array2<R> {
    let mut outer = Array2::from_elem((2 * a.nrows() + 1, 3 * a.ncols() + 2), R::nan());
    outer.slice_axis_inplace(Axis(0), Slice::new(1, None, 2));
    outer.slice_axis_inplace(Axis(1), Slice::new(2, None, 3));
    outer.assign(a);
    outer
}

/// A copy in column-major order.
pub(crate) fn by_columns<R: Real>(a: &Array2<R>) -> Array2<R> {
    a.t().as_standard_layout().into_owned().reversed_axes()
}
