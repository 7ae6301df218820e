//! Token-wise layers, layers without bias, and embeddings.

use super::dense::{EXPAND, assert_close, basis_of, block, block_diagonal, exact, fisher, kronecker, norm, scattered};
use minima_autodiff::{DenseSpec, Graph, GraphBuilder, Initializer};
use minima_curvature::LinearOperator;
use minima_curvature::kfac::{Ekfac, Kfac, KroneckerFactors, LayerGradients, WeightSharing};
use minima_linalg::solve_general;
use ndarray::{Array2, Array3, ArrayView1, Axis};

const TOKENS: usize = 3;

fn without_bias(features: usize) -> DenseSpec {
    DenseSpec { bias: false, ..DenseSpec::new(features) }
}

/// A token-wise layer without bias, an embedding of positions, a token-wise layer, a dense layer, and a dense layer
/// without bias.
fn network() -> Graph {
    let mut g = GraphBuilder::new(&[TOKENS, 2]);
    let x = g.dense_on_last_axis(g.input(), "Dense_0", &without_bias(4)).unwrap();
    let positions = g.embedding("positions", &[1, TOKENS, 4], Initializer::Normal { deviation: 0.5 }).unwrap();
    let x = g.add(x, positions).unwrap();
    let x = g.relu(x);
    let x = g.dense_on_last_axis(x, "Dense_1", &DenseSpec::new(2)).unwrap();
    let x = g.relu(x);
    let x = g.flatten(x);
    let x = g.dense(x, "Dense_2", 4).unwrap();
    let x = g.dense_on_last_axis(x, "Dense_3", &without_bias(3)).unwrap();
    g.finish(x).unwrap()
}

/// Parameters of which none is zero.
fn params(graph: &Graph) -> Vec<f64> {
    let initial: Vec<f64> = graph.init(3);
    initial.iter().zip(scattered(1, initial.len())).map(|(x, r)| x + 0.1 * r).collect()
}

#[test]
fn the_blocks_cover_every_parameter() {
    let graph = network();
    let params = params(&graph);
    let at = graph.linearize(&params, scattered(17, TOKENS * 2).view()).unwrap();
    let cotangents = exact(&at);
    let fisher = fisher(&at, &cotangents);
    let damping = 0.03;
    let identity = Array2::<f64>::eye(params.len());
    for sharing in [EXPAND, WeightSharing::Reduce] {
        let factors = KroneckerFactors::estimate(&at, cotangents.view(), sharing).unwrap();
        assert_eq!(factors.parameter_count(), graph.parameter_count());
        let rows: Vec<usize> = factors.layers.iter().map(|layer| layer.input.nrows()).collect();
        assert_eq!(rows, [2, 1 + 4, 1 + 2 * TOKENS, 4]);
        // The embedding's block is the diagonal of the Fisher matrix.
        let [positions] = &factors.diagonals[..] else { panic!("{:?}", factors.diagonals) };
        assert_eq!(positions.params.len(), 4 * TOKENS);
        let diagonal: Array2<f64> = Array2::from_diag(&block(&fisher, &positions.params).diag());
        assert_close(&Array2::from_diag(&ArrayView1::from(&positions.entries)), &diagonal, 1e-13);

        let kfac = Kfac::new(factors.clone()).unwrap();
        let dense = block_diagonal(&factors, |l| kronecker(l.input.view(), l.output.view()), |d| d);
        assert_close(&kfac.to_dense().unwrap(), &dense, 1e-13);
        let inverse = kfac.inverse(damping).unwrap().to_dense().unwrap();
        let of_positions: Array2<f64> = block(&inverse, &positions.params);
        let expected = Array2::from_diag(&diagonal.diag().mapv(|d| 1.0 / (d + damping)));
        assert_close(&of_positions, &expected, 1e-13);

        let ekfac = Ekfac::estimate(&at, cotangents.view(), sharing).unwrap();
        let basis = block_diagonal(&factors, basis_of, |_| 1.0);
        let inside = basis.t().dot(&fisher).dot(&basis);
        let expected = basis.dot(&Array2::from_diag(&inside.diag())).dot(&basis.t());
        assert_close(&ekfac.to_dense().unwrap(), &expected, 1e-12);
        let expected = solve_general(expected + &identity * damping, identity.view()).unwrap();
        assert_close(&ekfac.inverse(damping).unwrap().to_dense().unwrap(), &expected, 1e-11);
    }
}

/// Two token-wise layers, affine maps; the outputs are each token's, or their mean.
fn affine(of_mean: bool) -> Graph {
    let mut g = GraphBuilder::new(&[TOKENS, 1, 3]);
    let x = g.dense_on_last_axis(g.input(), "Dense_0", &DenseSpec::new(4)).unwrap();
    let x = g.dense_on_last_axis(x, "Dense_1", &without_bias(2)).unwrap();
    let x = if of_mean { g.avg_pool2d(x, [TOKENS, 1], [TOKENS, 1]).unwrap() } else { x };
    let x = g.flatten(x);
    g.finish(x).unwrap()
}

/// Each way to share weights is exact where its assumptions hold, for squared errors of several images, whose
/// cotangents are unit vectors. It is not exact where the assumptions of the other one hold.
#[test]
fn each_form_of_sharing_is_exact_in_its_setting() {
    for (of_mean, right, wrong) in [(false, EXPAND, WeightSharing::Reduce), (true, WeightSharing::Reduce, EXPAND)] {
        let graph = affine(of_mean);
        let params = params(&graph);
        let at = graph.linearize(&params, scattered(7, 3 * TOKENS).view()).unwrap();
        let classes = at.logits().ncols();
        let cotangents = Array3::from_shape_fn((classes, 7, classes), |(k, _, c)| f64::from(u8::from(k == c)));
        let fisher = fisher(&at, &cotangents);
        let kfac = |sharing| {
            let factors = KroneckerFactors::estimate(&at, cotangents.view(), sharing).unwrap();
            (factors.layers.clone(), Kfac::new(factors).unwrap().to_dense().unwrap())
        };
        let (layers, exact) = kfac(right);
        let (_, other) = kfac(wrong);
        assert_eq!(layers.len(), 2);
        for layer in layers {
            let expected = block(&fisher, &layer.params);
            assert_close(&block(&exact, &layer.params), &expected, 1e-13);
            let apart = norm(&(block(&other, &layer.params) - &expected)) / norm(&expected);
            assert!(apart > 0.1, "{apart}");
        }
    }
}

#[test]
fn layers_with_one_place_are_the_same_in_both_forms() {
    let mut g = GraphBuilder::new(&[4]);
    let x = g.dense(g.input(), "Dense_0", 5).unwrap();
    let x = g.relu(x);
    let x = g.dense(x, "Dense_1", 3).unwrap();
    let graph = g.finish(x).unwrap();
    let params = params(&graph);
    let at = graph.linearize(&params, scattered(20, 4).view()).unwrap();
    let of = |sharing| KroneckerFactors::estimate(&at, exact(&at).view(), sharing).unwrap();
    assert_eq!(of(EXPAND), of(WeightSharing::Reduce));
}

/// The reduced factors from their definition: mean inputs, summed cotangents.
#[test]
fn reduced_factors_are_those_of_plain_loops() {
    let graph = network();
    let params = params(&graph);
    let images = 18;
    let at = graph.linearize(&params, scattered(images, TOKENS * 2).view()).unwrap();
    let cotangents = exact(&at);
    let gradients = LayerGradients::of(&at, cotangents.index_axis(Axis(0), 1)).unwrap();
    let factors = KroneckerFactors::of_gradients(&gradients, WeightSharing::Reduce).unwrap();
    for (layer, pairs) in factors.layers.iter().zip(&at.layer_pairs(cotangents.index_axis(Axis(0), 1)).unwrap()) {
        let sum = |x: &Array2<f64>, row: usize, image: usize| -> f64 {
            (0..pairs.places).map(|place| x[[row, place * images + image]]).sum()
        };
        let mean = |x: &Array2<f64>, row, image| sum(x, row, image) / pairs.places as f64;
        let (rows, outputs) = (pairs.inputs.nrows(), pairs.cotangents.nrows());
        let input = Array2::from_shape_fn((rows, rows), |(a, b)| {
            let over = |i| mean(&pairs.inputs, a, i) * mean(&pairs.inputs, b, i);
            (0..images).map(over).sum::<f64>() / images as f64
        });
        let output = Array2::from_shape_fn((outputs, outputs), |(a, b)| {
            let over = |i| sum(&pairs.cotangents, a, i) * sum(&pairs.cotangents, b, i);
            (0..images).map(over).sum::<f64>() / images as f64
        });
        assert_close(&layer.input, &input, 1e-13);
        assert_close(&layer.output, &output, 1e-13);
    }
}

#[test]
fn threads_make_no_difference() {
    let graph = network();
    let params: Vec<f32> = params(&graph).iter().map(|x| *x as f32).collect();
    let pictures = scattered(500, TOKENS * 2).mapv(|x| x as f32);
    let at_threads = |threads| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| {
            let at = graph.linearize(&params, pictures.view()).unwrap();
            let w = minima_autodiff::softmax_cross_entropy::hessian_factors(
                minima_autodiff::softmax_cross_entropy::softmax(at.logits()).view(),
            );
            let of = |sharing| {
                let kfac = Kfac::new(KroneckerFactors::estimate(&at, w.view(), sharing).unwrap()).unwrap();
                kfac.inverse(0.01).unwrap().apply(&params).unwrap()
            };
            [of(EXPAND), of(WeightSharing::Reduce)]
        })
    };
    assert!(at_threads(1) == at_threads(3));
}
