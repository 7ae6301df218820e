//! Layers with several matrices, such as convolutions in groups.

use super::dense::{assert_close, basis_of, block_diagonal, kronecker, scattered};
use minima_autodiff::LayerPairs;
use minima_curvature::kfac::{
    DiagonalBlock, Ekfac, EkfacLayer, Kfac, KroneckerFactors, LayerFactors, LayerGradients, WeightSharing,
};
use minima_curvature::{CurvatureError, LinearOperator};
use minima_linalg::solve_general;
use ndarray::{ArcArray2, Array1, Array2};
use std::ops::Range;

const IMAGES: usize = 5;

/// Irregular inputs and cotangents of some columns of a layer's matrix.
fn pairs(params: Range<usize>, bias: bool, columns: Range<usize>, rows: usize, places: usize) -> LayerPairs<f64> {
    let mut inputs = scattered(rows, places * IMAGES) + 0.01 * columns.start as f64;
    if bias {
        inputs.row_mut(0).fill(1.0);
    }
    let cotangents = scattered(places * IMAGES, columns.len()).reversed_axes() * 0.3;
    LayerPairs { params, bias, columns, places, inputs, cotangents }
}

/// A layer of two groups with 2 and 3 outputs, a diagonal block, a dense layer, a layer of two groups without bias, and a
/// diagonal block.
fn parts() -> (Vec<LayerPairs<f64>>, Vec<DiagonalBlock<f64>>) {
    let block = |params: Range<usize>| {
        let entries = params.clone().map(|i| 0.01 * ((i * 7) % 5) as f64).collect();
        DiagonalBlock { params, entries }
    };
    (
        vec![
            pairs(0..20, true, 0..2, 4, 3),
            pairs(0..20, true, 2..5, 4, 3),
            pairs(23..31, true, 0..2, 4, 1),
            pairs(31..43, false, 0..2, 3, 2),
            pairs(31..43, false, 2..4, 3, 2),
        ],
        vec![block(20..23), block(43..47)],
    )
}

fn gradients() -> LayerGradients<'static, f64> {
    let (pairs, diagonals) = parts();
    LayerGradients::of_parts(pairs, diagonals)
}

/// The Fisher matrix of each group's parameters, without the coupling between groups, and the diagonal blocks.
fn fisher() -> Array2<f64> {
    let (layers, diagonals) = parts();
    let mut fisher = Array2::zeros((47, 47));
    for pairs in &layers {
        let (rows, width) = (pairs.inputs.nrows(), pairs.params.len() / pairs.inputs.nrows());
        for image in 0..IMAGES {
            let mut gradient = Array1::<f64>::zeros(47);
            for (i, (j, column)) in (0..rows).flat_map(|i| pairs.columns.clone().enumerate().map(move |j| (i, j))) {
                for place in 0..pairs.places {
                    let at = place * IMAGES + image;
                    gradient[pairs.params.start + i * width + column] +=
                        pairs.inputs[[i, at]] * pairs.cotangents[[j, at]] / (IMAGES as f64).sqrt();
                }
            }
            for ((i, j), x) in fisher.indexed_iter_mut() {
                *x += gradient[i] * gradient[j];
            }
        }
    }
    for block in &diagonals {
        block.params.clone().zip(&block.entries).for_each(|(i, x)| fisher[[i, i]] = *x);
    }
    fisher
}

#[test]
fn products_and_inverses_are_those_of_dense_blocks() {
    let damping = 0.05;
    for sharing in [WeightSharing::Expand, WeightSharing::Reduce] {
        let factors = KroneckerFactors::of_gradients(&gradients(), sharing).unwrap();
        assert_eq!(factors.parameter_count(), 47);
        let kfac = Kfac::new(factors.clone()).unwrap();
        let dense = block_diagonal(&factors, |l| kronecker(l.input.view(), l.output.view()), |d| d);
        assert_close(&kfac.to_dense().unwrap(), &dense, 1e-13);
        let ekfac = Ekfac::of_factors(&factors).unwrap();
        assert_close(&ekfac.to_dense().unwrap(), &dense, 1e-12);

        let of_identity = |inverse: Array2<f64>, a: Array2<f64>| {
            let expected = solve_general(a, Array2::eye(47).view()).unwrap();
            assert_close(&inverse, &expected, 1e-11);
        };
        let damped = &dense + &(Array2::<f64>::eye(47) * damping);
        of_identity(ekfac.inverse(damping).unwrap().to_dense().unwrap(), damped);
        let with = |a: &ArcArray2<f64>, d: f64| a + Array2::<f64>::eye(a.nrows()) * d;
        let factored = |l: &LayerFactors<f64>| {
            let pi = (l.input.diag().mean().unwrap() / l.output.diag().mean().unwrap()).sqrt();
            let output = with(&l.output, damping.sqrt() / pi);
            kronecker(with(&l.input, pi * damping.sqrt()).view(), output.view())
        };
        let damped = block_diagonal(&factors, factored, |d| d + damping);
        of_identity(kfac.inverse(damping).unwrap().to_dense().unwrap(), damped);
    }
}

#[test]
fn ekfac_has_the_moments_of_every_group_for_both_forms_of_sharing() {
    let gradients = gradients();
    for sharing in [WeightSharing::Expand, WeightSharing::Reduce] {
        let factors = KroneckerFactors::of_gradients(&gradients, sharing).unwrap();
        let mut ekfac = Ekfac::of_factors(&factors).unwrap();
        ekfac.observe(&gradients, 1.0).unwrap();
        let basis = block_diagonal(&factors, basis_of, |_| 1.0);
        let inside = basis.t().dot(&fisher()).dot(&basis);
        let expected = basis.dot(&Array2::from_diag(&inside.diag())).dot(&basis.t());
        assert_close(&ekfac.to_dense().unwrap(), &expected, 1e-12);
        let same = Ekfac::of_blocks(ekfac.layers(), ekfac.diagonals().to_vec()).unwrap();
        assert_eq!(same.to_dense().unwrap(), ekfac.to_dense().unwrap());
        // Older moments stay in the new basis: here it is the same.
        let rebased = ekfac.rebased(&factors).unwrap();
        assert_close(&rebased.to_dense().unwrap(), &ekfac.to_dense().unwrap(), 1e-12);
    }
}

#[test]
fn diagonal_blocks_are_averaged_and_kept_in_newer_bases() {
    let older = gradients();
    let (pairs, mut diagonals) = parts();
    diagonals.iter_mut().flat_map(|block| &mut block.entries).for_each(|x| *x += 1.0);
    let newer = LayerGradients::of_parts(pairs, diagonals);
    let factors = KroneckerFactors::of_gradients(&older, WeightSharing::Expand).unwrap();
    let mut mixed = factors.clone();
    mixed.mix(&KroneckerFactors::of_gradients(&newer, WeightSharing::Expand).unwrap(), 0.25).unwrap();
    let mut ekfac = Ekfac::of_factors(&factors).unwrap();
    ekfac.observe(&newer, 0.25).unwrap();
    for found in [&mixed.diagonals[..], ekfac.rebased(&factors).unwrap().diagonals()] {
        for (found, older) in found.iter().zip(older.diagonals()) {
            assert_eq!(found.params, older.params);
            for (found, older) in found.entries.iter().zip(&older.entries) {
                assert!((found - older - 0.25).abs() < 1e-15, "{found} {older}");
            }
        }
    }
}

#[test]
fn blocks_that_do_not_cover_the_parameters_are_refused() {
    let factors = KroneckerFactors::of_gradients(&gradients(), WeightSharing::Expand).unwrap();
    let changes: [fn(&mut KroneckerFactors<f64>); 12] = [
        |f| f.layers.swap(0, 1),
        |f| f.layers.swap(1, 2),
        |f| drop(f.layers.remove(1)),
        |f| drop(f.layers.remove(0)),
        |f| drop(f.layers.pop()),
        |f| drop(f.diagonals.remove(0)),
        |f| f.diagonals.swap(0, 1),
        |f| f.diagonals[0].entries.truncate(2),
        |f| f.diagonals[1].params = 44..48,
        |f| f.layers[1].columns = 1..4,
        |f| f.layers[0].params = 0..24,
        |f| f.layers[3].input = ArcArray2::eye(6),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut changed = factors.clone();
        change(&mut changed);
        let refused = Kfac::new(changed.clone());
        assert!(matches!(refused, Err(CurvatureError::Size { .. })), "{number}: {refused:?}");
        let layers = changed.layers.into_iter().map(|layer| EkfacLayer {
            params: layer.params,
            columns: layer.columns,
            moments: Array2::ones((layer.input.nrows(), layer.output.nrows())),
            input: layer.input,
            output: layer.output,
        });
        let refused = Ekfac::of_blocks(layers.collect(), changed.diagonals);
        assert!(matches!(refused, Err(CurvatureError::Size { .. })), "{number}: {refused:?}");
    }
    let (pairs, mut diagonals) = parts();
    diagonals.pop();
    let other = LayerGradients::of_parts(pairs, diagonals);
    let mut ekfac = Ekfac::of_factors(&factors).unwrap();
    assert!(matches!(ekfac.observe(&other, 0.5), Err(CurvatureError::Size { .. })));
    let mut mixed = factors;
    let other = KroneckerFactors::of_gradients(&other, WeightSharing::Expand).unwrap();
    assert!(matches!(mixed.mix(&other, 0.5), Err(CurvatureError::Size { .. })));
}
