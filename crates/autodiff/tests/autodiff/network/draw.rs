//! Random numbers for tests, the same on every run and every device.

use minima_autodiff::{Graph, Role};
use minima_rng::Key;
use ndarray::Array2;

/// Standard normal numbers.
pub(crate) fn normal(seed: u64, n: usize) -> Vec<f64> {
    Key::new(seed).normal(n).into_iter().map(f64::from).collect()
}

/// Standard normal numbers in a matrix.
pub(crate) fn matrix(seed: u64, (rows, columns): (usize, usize)) -> Array2<f64> {
    Array2::from_shape_vec((rows, columns), normal(seed, rows * columns)).unwrap()
}

/// Parameters with non-zero biases and shifts, and with scales other than one.
pub(crate) fn params(graph: &Graph, seed: u64) -> Vec<f64> {
    let mut params = graph.init::<f64>(seed);
    let biases = normal(seed + 1, params.len());
    for spec in graph.parameters().iter().filter(|p| matches!(p.role, Role::Bias | Role::Shift | Role::Scale)) {
        for (p, b) in params[spec.range.clone()].iter_mut().zip(&biases[spec.range.clone()]) {
            *p += 0.3 * b;
        }
    }
    params
}

/// Rows of numbers at least 0.05 apart and at least 0.025 from zero: far from all kinks of ReLU and of maxima.
pub(crate) fn apart(seed: u64, (rows, columns): (usize, usize)) -> Array2<f64> {
    let mut out = Array2::zeros((rows, columns));
    for (i, mut row) in out.outer_iter_mut().enumerate() {
        let places = Key::new(seed).fold_in(i as u32).permutation(columns);
        for (x, place) in row.iter_mut().zip(places) {
            *x = 0.05 * (f64::from(place) - (columns / 2) as f64 + 0.5);
        }
    }
    out
}
