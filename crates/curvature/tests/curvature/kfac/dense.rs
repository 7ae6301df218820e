//! Dense references.

use minima_autodiff::Linearization;
use minima_autodiff::softmax_cross_entropy::{hessian_factors, softmax};
use minima_curvature::kfac::{KroneckerFactors, LayerFactors, WeightSharing};
use minima_linalg::symmetric_eigen;
use ndarray::{Array2, Array3, ArrayRef2, ArrayView2, Axis, Slice};
use std::ops::Range;

pub(crate) const EXPAND: WeightSharing = WeightSharing::Expand;

/// Irregular numbers between −1 and 1.
pub(crate) fn scattered(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| {
        ((i * i * 31 + j * j * 7 + i * j * 17 + 5) % 199) as f64 / 99.5 - 1.0
    })
}

pub(crate) fn exact(at: &Linearization<'_, f64>) -> Array3<f64> {
    hessian_factors(softmax(at.logits()).view())
}

/// The Fisher matrix of the mean loss, from per-image gradients.
pub(crate) fn fisher(at: &Linearization<'_, f64>, cotangents: &Array3<f64>) -> Array2<f64> {
    let count = at.per_sample_gradients(cotangents.index_axis(Axis(0), 0)).unwrap().ncols();
    let mut fisher = Array2::zeros((count, count));
    for w in cotangents.outer_iter() {
        let gradients = at.per_sample_gradients(w).unwrap();
        fisher += &(gradients.t().dot(&gradients) / at.images() as f64);
    }
    fisher
}

pub(crate) fn kronecker(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Array2<f64> {
    let (n, m) = (b.nrows(), b.ncols());
    Array2::from_shape_fn((a.nrows() * n, a.ncols() * m), |(i, j)| a[[i / n, j / m]] * b[[i % n, j % m]])
}

/// A block-diagonal matrix with `block` of every layer, and the diagonal blocks.
pub(crate) fn block_diagonal(
    factors: &KroneckerFactors<f64>,
    block: impl Fn(&LayerFactors<f64>) -> Array2<f64>,
    diagonal: impl Fn(f64) -> f64,
) -> Array2<f64> {
    let count = factors.parameter_count();
    let mut dense = Array2::zeros((count, count));
    for layer in &factors.layers {
        let (width, columns) = (layer.params.len() / layer.input.nrows(), layer.output.nrows());
        let block = block(layer);
        // Entry (row, column) of the group's part of the layer's row-major matrix.
        let place = |i: usize| layer.params.start + i / columns * width + layer.columns.start + i % columns;
        for ((i, j), x) in block.indexed_iter() {
            dense[[place(i), place(j)]] = *x;
        }
    }
    for block in &factors.diagonals {
        for (i, entry) in block.params.clone().zip(&block.entries) {
            dense[[i, i]] = diagonal(*entry);
        }
    }
    dense
}

/// The part of a matrix with these rows and columns.
pub(crate) fn block(a: &Array2<f64>, range: &Range<usize>) -> Array2<f64> {
    let range = Slice::from(range.clone());
    a.slice_axis(Axis(0), range).slice_axis(Axis(1), range).to_owned()
}

pub(crate) fn norm(a: &ArrayRef2<f64>) -> f64 {
    a.iter().map(|x| x * x).sum::<f64>().sqrt()
}

#[track_caller]
pub(crate) fn assert_close(found: &ArrayRef2<f64>, expected: &ArrayRef2<f64>, tolerance: f64) {
    let apart = norm(&(found - expected)) / norm(expected);
    assert!(apart < tolerance, "apart by {apart:e}");
}

pub(crate) fn basis_of(layer: &LayerFactors<f64>) -> Array2<f64> {
    let (_, input) = symmetric_eigen(layer.input.view()).unwrap();
    let (_, output) = symmetric_eigen(layer.output.view()).unwrap();
    kronecker(input.view(), output.view())
}
