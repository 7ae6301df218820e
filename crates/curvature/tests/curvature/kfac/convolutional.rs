//! Networks of convolutions and dense layers.

use super::dense::{EXPAND, assert_close, basis_of, block, block_diagonal, exact, fisher, kronecker, norm, scattered};
use minima_autodiff::softmax_cross_entropy::softmax;
use minima_autodiff::{Batch, Conv2dSpec, Graph, GraphBuilder};
use minima_curvature::kfac::{
    DiagonalBlock, Ekfac, FactoredDamping, Kfac, KroneckerFactors, LayerFactors, LayerGradients, RunningFactors,
    WeightSharing, label_residuals, newest_weight, sampled_residuals,
};
use minima_curvature::{CurvatureError, Fisher, LinearOperator, Objective};
use minima_linalg::solve_general;
use minima_rng::Key;
use ndarray::{ArcArray2, Array2, Array3, Axis, array, rcarr2};

const LABELS: [usize; 5] = [0, 2, 1, 1, 0];

/// A convolution, ReLU, pooling, two dense layers: 3 · 10 + 4 · 13 + 3 · 5 parameters.
fn network() -> Graph {
    let mut g = GraphBuilder::new(&[4, 4, 1]);
    let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(3, 3)).unwrap();
    let x = g.relu(x);
    let x = g.avg_pool2d(x, [2, 2], [2, 2]).unwrap();
    let x = g.flatten(x);
    let x = g.dense(x, "Dense_0", 4).unwrap();
    let x = g.relu(x);
    let x = g.dense(x, "Dense_1", 3).unwrap();
    g.finish(x).unwrap()
}

#[test]
fn one_layer_and_one_image_are_exact() {
    let mut g = GraphBuilder::new(&[3]);
    let y = g.dense(g.input(), "Dense_0", 4).unwrap();
    let graph = g.finish(y).unwrap();
    let params: Vec<f64> = graph.init(7);
    let at = graph.linearize(&params, array![[0.4, -1.3, 0.8]].view()).unwrap();
    // The Gauss-Newton matrix Jᵀ (diag(p) − p pᵀ) J of this image.
    let jacobian = at.jacobian().unwrap().index_axis_move(Axis(1), 0);
    let p = softmax(at.logits());
    let hessian = Array2::from_diag(&p.row(0)) - p.t().dot(&p);
    let expected = jacobian.t().dot(&hessian).dot(&jacobian);

    let kfac = Kfac::new(KroneckerFactors::estimate(&at, exact(&at).view(), EXPAND).unwrap()).unwrap();
    assert_close(&kfac.to_dense().unwrap(), &expected, 1e-12);
    let ekfac = Ekfac::estimate(&at, exact(&at).view(), EXPAND).unwrap();
    assert_close(&ekfac.to_dense().unwrap(), &expected, 1e-12);
}

#[test]
fn sampled_labels_are_those_of_the_fisher_matrix() {
    let mut g = GraphBuilder::new(&[3]);
    let y = g.dense(g.input(), "Dense_0", 4).unwrap();
    let graph = g.finish(y).unwrap();
    let params: Vec<f64> = graph.init(7);
    let image = array![[0.4, -1.3, 0.8]];
    let objective = Objective::of_batch(&graph, &params, Batch::new(image.view(), &[1]).unwrap()).unwrap();
    let at = graph.linearize(&params, image.view()).unwrap();
    for samples in [1, 5] {
        let w = sampled_residuals(at.logits(), samples, Key::new(2));
        let kfac = Kfac::new(KroneckerFactors::estimate(&at, w.view(), EXPAND).unwrap()).unwrap();
        let fisher = Fisher::sampled(&objective, Key::new(2), samples).unwrap();
        assert_close(&kfac.to_dense().unwrap(), &fisher.to_dense().unwrap(), 1e-12);
    }
}

#[test]
fn places_that_are_alike_and_uncorrelated_are_exact() {
    // A 1 × 1 convolution over four equal positions whose outputs are the logits; cotangents e_k, each at one position.
    let mut g = GraphBuilder::new(&[2, 2, 1]);
    let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(1, 1)).unwrap();
    let x = g.flatten(x);
    let graph = g.finish(x).unwrap();
    let params: Vec<f64> = graph.init(1);
    let at = graph.linearize(&params, array![[0.7, 0.7, 0.7, 0.7]].view()).unwrap();
    let cotangents = Array3::from_shape_fn((4, 1, 4), |(k, _, c)| if k == c { 1.5 } else { 0.0 });
    let kfac = Kfac::new(KroneckerFactors::estimate(&at, cotangents.view(), EXPAND).unwrap()).unwrap();
    assert_close(&kfac.to_dense().unwrap(), &fisher(&at, &cotangents), 1e-14);
}

#[test]
fn factors_are_those_of_plain_loops() {
    // Without a rectifier, the cotangents of the convolution's outputs are the dense kernel times the cotangents of the
    // logits.
    let (size, channels, classes, images) = (4, 2, 3, 5);
    let mut g = GraphBuilder::new(&[size, size, 1]);
    let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(channels, 3)).unwrap();
    let x = g.flatten(x);
    let x = g.dense(x, "Dense_0", classes).unwrap();
    let graph = g.finish(x).unwrap();
    let params: Vec<f64> = graph.init(5);
    let pictures = scattered(images, size * size);
    let at = graph.linearize(&params, pictures.view()).unwrap();
    let w = label_residuals(at.logits(), &LABELS).unwrap();
    let kernel = graph.view(&params, "Dense_0.kernel").unwrap();

    let (mut input, mut output) = (Array2::<f64>::zeros((10, 10)), Array2::<f64>::zeros((channels, channels)));
    for i in 0..images {
        for y in 0..size {
            for x in 0..size {
                let mut patch = vec![1.0];
                for (dy, dx) in (0..3).flat_map(|dy| (0..3).map(move |dx| (dy, dx))) {
                    let (y, x) = ((y + dy).wrapping_sub(1), (x + dx).wrapping_sub(1));
                    patch.push(if y < size && x < size { pictures[[i, y * size + x]] } else { 0.0 });
                }
                let cotangent: Vec<f64> = (0..channels)
                    .map(|o| (0..classes).map(|c| kernel[[(y * size + x) * channels + o, c]] * w[[0, i, c]]).sum())
                    .collect();
                input += &Array2::from_shape_fn((10, 10), |(a, b)| patch[a] * patch[b] / images as f64);
                let share = (images * size * size) as f64;
                output += &Array2::from_shape_fn((channels, channels), |(a, b)| cotangent[a] * cotangent[b] / share);
            }
        }
    }
    let factors = KroneckerFactors::estimate(&at, w.view(), EXPAND).unwrap();
    assert_eq!(factors.layers.len(), 2);
    assert_close(&factors.layers[0].input, &input, 1e-13);
    assert_close(&factors.layers[0].output, &output, 1e-13);
}

#[test]
fn products_and_inverses_are_those_of_dense_kronecker_products() {
    let graph = network();
    let params: Vec<f64> = graph.init(3);
    let at = graph.linearize(&params, scattered(5, 16).view()).unwrap();
    let factors = KroneckerFactors::estimate(&at, exact(&at).view(), EXPAND).unwrap();
    assert_eq!(factors.parameter_count(), graph.parameter_count());
    let kfac = Kfac::new(factors.clone()).unwrap();
    let dense = block_diagonal(&factors, |l| kronecker(l.input.view(), l.output.view()), |d| d);
    assert_close(&kfac.to_dense().unwrap(), &dense, 1e-13);

    let damping = 0.03;
    let damped = block_diagonal(
        &factors,
        |l| {
            let mean = |a: &ArcArray2<f64>| a.diag().sum() / a.nrows() as f64;
            let pi = (mean(&l.input) / mean(&l.output)).sqrt();
            let with = |a: &ArcArray2<f64>, d: f64| a + Array2::<f64>::eye(a.nrows()) * d;
            let split = FactoredDamping::of(l, damping).unwrap();
            assert!(
                (split.input * split.output - damping).abs() < 1e-15
                    && (split.input / split.output / pi / pi - 1.0).abs() < 1e-12
            );
            let output = with(&l.output, damping.sqrt() / pi);
            kronecker(with(&l.input, pi * damping.sqrt()).view(), output.view())
        },
        |d| d + damping,
    );
    let expected = solve_general(damped, Array2::eye(dense.nrows()).view()).unwrap();
    // The condition numbers of the damped factors are below 1e4; the tolerance is 1e-16 times that, with a margin.
    assert_close(&kfac.inverse(damping).unwrap().to_dense().unwrap(), &expected, 1e-11);

    let ekfac = Ekfac::of_factors(&factors).unwrap();
    assert_close(&ekfac.to_dense().unwrap(), &dense, 1e-12);
    let expected = &dense + &(Array2::<f64>::eye(dense.nrows()) * damping);
    let expected = solve_general(expected, Array2::eye(dense.nrows()).view()).unwrap();
    assert_close(&ekfac.inverse(damping).unwrap().to_dense().unwrap(), &expected, 1e-11);
}

#[test]
fn ekfac_is_the_fisher_matrix_on_the_diagonal_of_its_basis() {
    let graph = network();
    let params: Vec<f64> = graph.init(3);
    let at = graph.linearize(&params, scattered(5, 16).view()).unwrap();
    for cotangents in [exact(&at), label_residuals(at.logits(), &LABELS).unwrap()] {
        let fisher = fisher(&at, &cotangents);
        let factors = KroneckerFactors::estimate(&at, cotangents.view(), EXPAND).unwrap();
        let ekfac = Ekfac::estimate(&at, cotangents.view(), EXPAND).unwrap().to_dense().unwrap();
        let basis = block_diagonal(&factors, basis_of, |_| 1.0);
        let inside = basis.t().dot(&fisher).dot(&basis);
        let expected = basis.dot(&Array2::from_diag(&inside.diag())).dot(&basis.t());
        assert_close(&ekfac, &expected, 1e-12);

        let kfac = Kfac::new(factors.clone()).unwrap().to_dense().unwrap();
        for layer in &factors.layers {
            let block = |a: &Array2<f64>| block(a, &layer.params);
            let (exact, by_kfac, by_ekfac) = (block(&fisher), block(&kfac), block(&ekfac));
            let (kfac, ekfac) = (norm(&(&by_kfac - &exact)), norm(&(&by_ekfac - &exact)));
            assert!(ekfac < kfac, "{ekfac} {kfac}");
        }
    }
}

#[test]
fn a_linearization_is_observed_as_its_inputs_and_cotangents() {
    let graph = network();
    let params: Vec<f64> = graph.init(3);
    let at = graph.linearize(&params, scattered(5, 16).view()).unwrap();
    let w = label_residuals(at.logits(), &LABELS).unwrap();
    let w = w.index_axis(Axis(0), 0);
    let direct = LayerGradients::of(&at, w).unwrap();
    let given = LayerGradients::of_parts(at.layer_pairs(w).unwrap(), direct.diagonals().to_vec());
    for sharing in [EXPAND, WeightSharing::Reduce] {
        let factors = KroneckerFactors::of_gradients(&given, sharing).unwrap();
        let found = KroneckerFactors::of_gradients(&direct, sharing).unwrap();
        assert_eq!(found.layers.len(), factors.layers.len());
        for (found, layer) in found.layers.iter().zip(&factors.layers) {
            assert_eq!((&found.params, &found.columns), (&layer.params, &layer.columns));
            assert_close(&found.input, &layer.input, 1e-14);
            assert_close(&found.output, &layer.output, 1e-14);
        }
        let moments = |of: &LayerGradients<'_, f64>| {
            let mut ekfac = Ekfac::of_factors(&factors).unwrap();
            ekfac.observe(of, 0.5).unwrap();
            ekfac.layers()
        };
        for (found, layer) in moments(&direct).iter().zip(&moments(&given)) {
            assert_close(&found.moments, &layer.moments, 1e-14);
        }
    }
    // Too few layers, and too many.
    let mut fewer = at.layer_pairs(w).unwrap();
    fewer.remove(0);
    let factors = KroneckerFactors::of_gradients(&given, EXPAND).unwrap();
    let fewer = LayerGradients::of_parts(fewer, direct.diagonals().to_vec());
    let mut ekfac = Ekfac::of_factors(&factors).unwrap();
    assert!(matches!(ekfac.observe(&fewer, 0.5), Err(CurvatureError::Size { .. })));
    let mut more = at.layer_pairs(w).unwrap();
    more.extend(at.layer_pairs(w).unwrap());
    let more = LayerGradients::of_parts(more, direct.diagonals().to_vec());
    assert!(matches!(ekfac.observe(&more, 0.5), Err(CurvatureError::Size { .. })));
}

#[test]
fn moments_are_averaged_and_carried_to_newer_bases() {
    let graph = network();
    let params: Vec<f64> = graph.init(3);
    let at = graph.linearize(&params, scattered(5, 16).view()).unwrap();
    let w = label_residuals(at.logits(), &LABELS).unwrap();
    let factors = KroneckerFactors::estimate(&at, w.view(), EXPAND).unwrap();
    let (start, end) = (Ekfac::of_factors(&factors).unwrap(), Ekfac::estimate(&at, w.view(), EXPAND).unwrap());
    let mut between = start.clone();
    between.observe(&LayerGradients::of(&at, w.index_axis(Axis(0), 0)).unwrap(), 0.25).unwrap();
    let expected = start.to_dense().unwrap() * 0.75 + end.to_dense().unwrap() * 0.25;
    assert_close(&between.to_dense().unwrap(), &expected, 1e-13);

    let other = KroneckerFactors::estimate(&at, exact(&at).view(), EXPAND).unwrap();
    let basis = block_diagonal(&other, basis_of, |_| 1.0);
    let inside = basis.t().dot(&expected).dot(&basis);
    let carried = basis.dot(&Array2::from_diag(&inside.diag())).dot(&basis.t());
    assert_close(&between.rebased(&other).unwrap().to_dense().unwrap(), &carried, 1e-12);
}

#[test]
fn running_averages_start_as_means_and_then_forget() {
    let of = |x: f64| KroneckerFactors {
        layers: vec![LayerFactors { params: 0..1, columns: 0..1, input: rcarr2(&[[x]]), output: rcarr2(&[[2.0 * x]]) }],
        diagonals: vec![DiagonalBlock { params: 1..2, entries: vec![3.0 * x] }],
    };
    let mut running = RunningFactors::new();
    assert!(running.average().is_none());
    for (x, expected) in [(1.0, 1.0), (3.0, 2.0), (5.0, 3.0), (7.0, 4.0), (0.0, 3.0), (11.0, 5.0)] {
        running.observe(of(x), 0.75).unwrap();
        let average = running.average().unwrap();
        assert!((average.layers[0].input[[0, 0]] - expected).abs() < 1e-14, "{average:?}");
        assert!((average.layers[0].output[[0, 0]] - 2.0 * expected).abs() < 1e-14, "{average:?}");
        assert!((average.diagonals[0].entries[0] - 3.0 * expected).abs() < 1e-14, "{average:?}");
    }
    for decay in [1.0, -0.1, f64::NAN] {
        let error = running.observe(of(0.0), decay).unwrap_err();
        assert!(matches!(error, CurvatureError::Option { option: "decay", .. }), "{error}");
        assert!((running.average().unwrap().layers[0].input[[0, 0]] - 5.0).abs() < 1e-14);
    }
    // The decay applies to its own observation: the average of 5 and 13 has weights of one half.
    running.observe(of(13.0), 0.5).unwrap();
    assert!((running.average().unwrap().layers[0].input[[0, 0]] - 9.0).abs() < 1e-14);
    assert_eq!((newest_weight(3, 0.95), newest_weight(0, 0.95)), (1.0 / 3.0, 1.0));
    assert!((newest_weight(100, 0.95) - 0.05).abs() < 1e-15);
}

#[test]
fn single_precision_agrees_with_double() {
    let graph = network();
    let double: Vec<f64> = graph.init(3);
    let single: Vec<f32> = double.iter().map(|&x| x as f32).collect();
    let pictures = scattered(40, 16);
    let narrow = pictures.mapv(|x| x as f32);
    let (wide, narrow) =
        (graph.linearize(&double, pictures.view()).unwrap(), graph.linearize(&single, narrow.view()).unwrap());
    let cotangents = exact(&wide);
    let v: Vec<f64> = scattered(1, double.len()).into_iter().collect();
    let v32: Vec<f32> = v.iter().map(|&x| x as f32).collect();
    let c32 = cotangents.mapv(|x| x as f32);
    let apart = |wide: Vec<f64>, narrow: Vec<f32>| {
        let square: f64 = wide.iter().zip(&narrow).map(|(w, &n)| (w - f64::from(n)).powi(2)).sum();
        (square / wide.iter().map(|w| w * w).sum::<f64>()).sqrt()
    };
    let kfac = Kfac::new(KroneckerFactors::estimate(&wide, cotangents.view(), EXPAND).unwrap()).unwrap();
    let kfac32 = Kfac::new(KroneckerFactors::estimate(&narrow, c32.view(), EXPAND).unwrap()).unwrap();
    // A few dozen roundings of 2⁻²⁴ each; the inverses multiply them by the condition numbers of the damped factors,
    // below 1e3.
    assert!(apart(kfac.apply(&v).unwrap(), kfac32.apply(&v32).unwrap()) < 3e-6);
    let inverse = |damping| (kfac.inverse(damping).unwrap(), kfac32.inverse(damping).unwrap());
    let (wide_inverse, narrow_inverse) = inverse(0.1);
    assert!(apart(wide_inverse.apply(&v).unwrap(), narrow_inverse.apply(&v32).unwrap()) < 1e-4);
    let ekfac = Ekfac::estimate(&wide, cotangents.view(), EXPAND).unwrap();
    let ekfac32 = Ekfac::estimate(&narrow, c32.view(), EXPAND).unwrap();
    let (wide, narrow) = (ekfac.inverse(0.1).unwrap(), ekfac32.inverse(0.1).unwrap());
    // If eigenvalues are close, eigenvectors and therefore the diagonal part of the Fisher matrix change more.
    assert!(apart(wide.apply(&v).unwrap(), narrow.apply(&v32).unwrap()) < 1e-3);
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let graph = network();
    let params: Vec<f32> = graph.init(3);
    let pictures = scattered(700, 16).mapv(|x| x as f32);
    let labels: Vec<usize> = (0..700).map(|i| i % 3).collect();
    let at_threads = |threads| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| {
            let at = graph.linearize(&params, pictures.view()).unwrap();
            let w = label_residuals(at.logits(), &labels).unwrap();
            let kfac = Kfac::new(KroneckerFactors::estimate(&at, w.view(), EXPAND).unwrap()).unwrap();
            let inverse = kfac.inverse(0.01).unwrap().apply(&params).unwrap();
            let ekfac = Ekfac::estimate(&at, w.view(), EXPAND).unwrap().inverse(0.01).unwrap().apply(&params).unwrap();
            (inverse, ekfac)
        })
    };
    assert!(at_threads(1) == at_threads(3));
}

#[test]
fn what_does_not_fit_is_an_error() {
    let graph = network();
    let params: Vec<f64> = graph.init(3);
    let at = graph.linearize(&params, scattered(5, 16).view()).unwrap();
    let none = KroneckerFactors::estimate(&at, Array3::zeros((0, 5, 3)).view(), EXPAND);
    assert!(matches!(none, Err(CurvatureError::Size { .. })));
    assert!(matches!(
        KroneckerFactors::estimate(&at, Array3::zeros((1, 4, 3)).view(), EXPAND),
        Err(CurvatureError::Autodiff(_))
    ));
    let factors = KroneckerFactors::estimate(&at, exact(&at).view(), EXPAND).unwrap();
    let kfac = Kfac::new(factors.clone()).unwrap();
    assert!(matches!(kfac.apply(&params[1..]), Err(CurvatureError::Size { .. })));
    for damping in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(kfac.inverse(damping), Err(CurvatureError::Option { option: "damping", .. })));
    }
    let mut misplaced = factors.clone();
    misplaced.layers.swap(1, 2);
    assert!(matches!(Kfac::new(misplaced.clone()), Err(CurvatureError::Size { .. })));
    assert!(matches!(Ekfac::of_factors(&factors).unwrap().rebased(&misplaced), Err(CurvatureError::Size { .. })));
    let zero = Ekfac::estimate(&at, Array3::zeros((1, 5, 3)).view(), EXPAND).unwrap();
    assert!(matches!(zero.inverse(0.0), Err(CurvatureError::NotFinite { .. })));
}

/// The Fisher matrix of a network with one class is zero, and so are K-FAC and EKFAC. EKFAC's damped inverse is the
/// identity over λ.
#[test]
fn one_class_has_a_fisher_matrix_of_zero() {
    let mut g = GraphBuilder::new(&[3]);
    let x = g.dense(g.input(), "Dense_0", 2).unwrap();
    let x = g.relu(x);
    let x = g.dense(x, "Dense_1", 1).unwrap();
    let graph = g.finish(x).unwrap();
    let params: Vec<f64> = graph.init(1);
    let images = scattered(5, 3);
    let at = graph.linearize(&params, images.view()).unwrap();
    let cotangents = exact(&at);
    assert_eq!(cotangents.dim(), (0, 5, 1));
    let factors = KroneckerFactors::estimate(&at, cotangents.view(), EXPAND).unwrap();
    assert!(factors.layers.iter().all(|layer| layer.output.iter().all(|x| *x == 0.0)));
    let sampled =
        KroneckerFactors::estimate(&at, sampled_residuals(at.logits(), 1, Key::new(1)).view(), EXPAND).unwrap();
    assert_eq!(factors, sampled);
    let v = vec![1.0; params.len()];
    let kfac = Kfac::new(factors).unwrap();
    assert!(kfac.apply(&v).unwrap().iter().all(|x| *x == 0.0));
    let ekfac = Ekfac::estimate(&at, cotangents.view(), EXPAND).unwrap();
    assert!(ekfac.apply(&v).unwrap().iter().all(|x| *x == 0.0));
    // (A + √λ I)⁻¹ ⊗ (√λ I)⁻¹ with π = 1, since a factor is zero: not I/λ, but finite and positive.
    let inverse = kfac.inverse(0.01).unwrap().apply(&v).unwrap();
    assert!(inverse.iter().all(|x| x.is_finite()) && inverse.iter().sum::<f64>() > 0.0);
    let inverse = ekfac.inverse(0.01).unwrap().apply(&v).unwrap();
    assert!(inverse.iter().all(|x| (x - 100.0).abs() < 1e-10));
}
