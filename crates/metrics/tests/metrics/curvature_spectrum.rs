//! Spectra from the Lanczos process compared with all eigenvalues of the dense matrices.

use minima_autodiff::{Activation, Batch, Conv2dSpec, DenseSpec, Graph, GraphBuilder, Initializer, NormSpec};
use minima_curvature::{Ggn, GgnVariant, Hessian, LinearOperator, Objective, Rescaled};
use minima_linalg::symmetric_eigenvalues;
use minima_metrics::{
    CurvatureSpectrum, MatrixSpectrum, MetricsError, SpectrumOptions, curvature_spectrum, filter_norms,
};
use minima_rng::Key;
use ndarray::{Array2, Axis, concatenate};

/// Convolution, maximum, convolution with a bypass, mean, two dense layers: 147 parameters.
fn network() -> Graph {
    let mut g = GraphBuilder::new(&[6, 6, 1]);
    let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(2, 3)).unwrap();
    let x = g.relu(x);
    let x = g.max_pool2d(x, [2, 2], [2, 2]).unwrap();
    let y = g.conv2d(x, "Conv_1", Conv2dSpec::same(2, 3)).unwrap();
    let x = g.add(x, y).unwrap();
    let x = g.relu(x);
    let x = g.flatten(x);
    let x = g.dense(x, "Dense_0", 4).unwrap();
    let x = g.relu(x);
    let x = g.dense(x, "Dense_1", 3).unwrap();
    g.finish(x).unwrap()
}

/// A transformer's block on 9 tokens of 4 numbers, with a small class token: 202 parameters, none of which enters linearly.
fn transformer() -> Graph {
    let mut g = GraphBuilder::new(&[36]);
    let x = g.reshape(g.input(), &[9, 4]).unwrap();
    let class = g.embedding("class", &[1, 1, 4], Initializer::Normal { deviation: 0.5 }).unwrap();
    let class = g.reshape(class, &[1, 4]).unwrap();
    let x = g.concat(&[class, x], 0).unwrap();
    let y = g.layer_norm(x, "ln1", NormSpec::default()).unwrap();
    let y = g.attention(y, "attn", 2).unwrap();
    let x = g.add(x, y).unwrap();
    let y = g.layer_norm(x, "ln2", NormSpec::default()).unwrap();
    let y = g.dense_on_last_axis(y, "fc1", &DenseSpec::new(6)).unwrap();
    let y = g.activation(y, Activation::Gelu);
    let y = g.dense_on_last_axis(y, "fc2", &DenseSpec::new(4)).unwrap();
    let x = g.add(x, y).unwrap();
    let x = g.slice(x, 0, 0..1).unwrap();
    let x = g.flatten(x);
    let x = g.dense(x, "head", 3).unwrap();
    g.finish(x).unwrap()
}

fn params(graph: &Graph) -> Vec<f64> {
    // Biases are initialized to zero, for which they have no scale.
    let initial: Vec<f64> = graph.init(7);
    initial.iter().zip(Key::new(1).normal(initial.len())).map(|(x, r)| x + 0.1 * f64::from(r)).collect()
}

fn images(count: usize) -> (Array2<f64>, Vec<usize>) {
    let images = Array2::from_shape_fn((count, 36), |(i, j)| ((i * 31 + j * j + i * j) % 23) as f64 / 22.0);
    (images, (0..count).map(|i| (i * 7 + i / 3) % 3).collect())
}

fn spectrum(steps: usize, probes: usize) -> CurvatureSpectrum {
    let (graph, (images, labels)) = (network(), images(50));
    let options = SpectrumOptions { steps, probes, ..SpectrumOptions::default() };
    curvature_spectrum(&graph, &params(&graph), images.view(), &labels, &options).unwrap()
}

/// All eigenvalues, ascending: of the Gauss-Newton matrix, of the Hessian, and of both in units of the filters.
fn all_eigenvalues() -> [Vec<f64>; 4] {
    let (graph, (images, labels)) = (network(), images(50));
    let params = params(&graph);
    let objective = Objective::of_batch(&graph, &params, Batch::new(images.view(), &labels).unwrap()).unwrap();
    let (ggn, hessian) = (Ggn::new(&objective, GgnVariant::Mean).unwrap(), Hessian::new(&objective));
    let norms = filter_norms(&graph, &params).unwrap();
    let dense = [
        ggn.to_dense(),
        hessian.to_dense(),
        Rescaled::new(&ggn, norms.clone()).unwrap().to_dense(),
        Rescaled::new(&hessian, norms).unwrap().to_dense(),
    ];
    dense.map(|dense| symmetric_eigenvalues(dense.unwrap().view()).unwrap().to_vec())
}

fn matrices(found: &CurvatureSpectrum) -> [&MatrixSpectrum; 4] {
    [&found.gauss_newton, &found.hessian, &found.normalised_gauss_newton, &found.normalised_hessian]
}

/// The Hessian of a smooth network has another diagonal than its Gauss-Newton matrix.
#[test]
fn a_smooth_network_has_two_traces() {
    let (graph, (images, labels)) = (transformer(), images(20));
    let params = params(&graph);
    let options = SpectrumOptions { probes: 1, steps: 20, ..SpectrumOptions::default() };
    let found = curvature_spectrum(&graph, &params, images.view(), &labels, &options).unwrap();
    let objective = Objective::of_batch(&graph, &params, Batch::new(images.view(), &labels).unwrap()).unwrap();
    let (ggn, hessian) = (Ggn::new(&objective, GgnVariant::Mean).unwrap(), Hessian::new(&objective));
    let norms = filter_norms(&graph, &params).unwrap();
    let trace = |a: &dyn LinearOperator<f64>, norms: &[f64]| -> f64 {
        a.to_dense().unwrap().diag().iter().zip(norms).map(|(a, d)| a * d * d).sum()
    };
    let ones = vec![1.0; norms.len()];
    let expected = [(&ggn as &dyn LinearOperator<f64>, &ones), (&hessian, &ones), (&ggn, &norms), (&hessian, &norms)];
    for (matrix, (a, norms)) in matrices(&found).into_iter().zip(expected) {
        let expected = trace(a, norms);
        // Two sums of 202 numbers in different orders.
        assert!((matrix.trace - expected).abs() <= 1e-10 * expected.abs(), "{} {expected}", matrix.trace);
        assert_eq!(matrix.trace_standard_error, 0.0);
    }
    let [of_ggn, of_hessian] = [found.gauss_newton.trace, found.hessian.trace];
    assert!((of_ggn - of_hessian).abs() > 1e-2 * of_ggn, "{of_ggn} {of_hessian}");
}

#[test]
fn as_many_steps_as_parameters_find_everything() {
    let found = spectrum(1_000, 2);
    assert_eq!(found.images, 50);
    for (found, expected) in matrices(&found).into_iter().zip(all_eigenvalues()) {
        let largest = expected.last().unwrap();
        // The rounding of products with a matrix of this size, times a few thousand.
        let close = |a: f64, b: f64| (a - b).abs() < 1e-11 * largest;
        assert_eq!(found.largest.len(), 10);
        for (found, expected) in found.largest.iter().zip(expected.iter().rev()) {
            assert!(close(found.value, *expected), "{found:?} {expected}");
            assert!(found.residual < 1e-9 * largest, "{found:?}");
        }
        assert!(close(found.smallest.value, expected[0]), "{:?} {}", found.smallest, expected[0]);
        let trace: f64 = expected.iter().sum();
        assert!(close(found.trace, trace), "{} {trace}", found.trace);
        assert_eq!(found.trace_standard_error, 0.0);
        // Each nonzero eigenvalue is a node with the weight of one eigenvalue, and zero takes the rest.
        assert_eq!(found.density.order, expected.len());
        let order = expected.len() as f64;
        for threshold in [0.9, 0.3, 0.1, 0.01, -0.001, -0.01].map(|share| share * largest) {
            let count = expected.iter().filter(|x| **x <= threshold).count() as f64;
            let cumulative = order * found.density.cumulative(threshold);
            assert!((cumulative - count).abs() < 1e-9, "{threshold}: {cumulative} {count}");
        }
    }
}

#[test]
fn a_gauss_newton_matrix_has_no_negative_eigenvalue_and_this_hessian_has() {
    let found = spectrum(1_000, 1);
    assert!(found.gauss_newton.smallest.value.abs() < 1e-12);
    assert!(found.hessian.smallest.value < -0.01 * found.hessian.largest[0].value, "{:?}", found.hessian.smallest);
}

#[test]
fn a_few_steps_bound_the_eigenvalues() {
    let (one, two) = (spectrum(12, 1), spectrum(12, 2));
    for ((one, two), expected) in matrices(&one).into_iter().zip(matrices(&two)).zip(all_eigenvalues()) {
        let rounding = 1e-12 * expected.last().unwrap();
        let within =
            |value: f64, residual: f64| expected.iter().any(|exact| (exact - value).abs() <= residual + rounding);
        let ranks = two.largest.iter().zip(&one.largest).zip(expected.iter().rev());
        for ((two, one), exact) in ranks {
            assert!(one.value <= two.value + rounding && two.value <= exact + rounding, "{one:?} {two:?} {exact}");
            assert!(within(two.value, two.residual), "{two:?}");
        }
        assert!(two.smallest.value >= expected[0] - rounding && one.smallest.value >= two.smallest.value - rounding);
        assert!(within(two.smallest.value, two.smallest.residual), "{:?}", two.smallest);
        let (first, tenth) = (two.largest[0], two.largest[9]);
        assert!(first.residual < 1e-2 * first.value && tenth.residual > 1e-2 * tenth.value, "{first:?} {tenth:?}");
    }
}

#[test]
fn the_density_is_right_in_the_mean() {
    let found = spectrum(14, 400);
    for (found, expected) in [&found.gauss_newton, &found.hessian].into_iter().zip(all_eigenvalues()) {
        let traces: Vec<f64> = found
            .density
            .probes
            .iter()
            .map(|probe| {
                assert!((probe.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                expected.len() as f64 * probe.nodes.iter().zip(&probe.weights).map(|(x, w)| x * w).sum::<f64>()
            })
            .collect();
        let count = traces.len() as f64;
        let mean = traces.iter().sum::<f64>() / count;
        let variance = traces.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (count - 1.0);
        let error = (variance / count).sqrt();
        assert!((mean - found.trace).abs() < 4.0 * error, "{mean} ± {error}, {}", found.trace);
        // Purely random, the standard deviation over probes would be √(2 Σ λ²) for long vectors; the largest
        // eigenvalues do not contribute to it here.
        let by_chance = (2.0 * expected.iter().map(|x| x * x).sum::<f64>()).sqrt();
        assert!(variance.sqrt() < 0.5 * by_chance, "{} {by_chance}", variance.sqrt());
    }
}

#[test]
fn units_of_the_filters_do_not_see_how_layers_share_a_scale() {
    let (graph, (images, labels)) = (network(), images(50));
    let params = params(&graph);
    let mut moved = params.clone();
    for (name, factor) in [("Dense_0.kernel", 3.0), ("Dense_0.bias", 3.0), ("Dense_1.kernel", 1.0 / 3.0)] {
        graph.view_mut(&mut moved, name).unwrap().mapv_inplace(|x| x * factor);
    }
    let (before, after) = (graph.logits(&params, images.view()).unwrap(), graph.logits(&moved, images.view()).unwrap());
    assert!((before - after).iter().all(|x| x.abs() < 1e-13), "the same function");
    let options = SpectrumOptions::default();
    let of = |params: &[f64]| curvature_spectrum(&graph, params, images.view(), &labels, &options).unwrap();
    let (before, after) = (of(&params), of(&moved));
    for (before, after) in [
        (&before.normalised_gauss_newton, &after.normalised_gauss_newton),
        (&before.normalised_hessian, &after.normalised_hessian),
    ] {
        let largest = before.largest[0].value;
        let close = |a: f64, b: f64| (a - b).abs() < 1e-10 * largest;
        // These ranks have converged to rounding.
        for (before, after) in before.largest.iter().zip(&after.largest).take(5) {
            assert!(close(before.value, after.value), "{before:?} {after:?}");
        }
        assert!(close(before.trace, after.trace), "{} {}", before.trace, after.trace);
    }
    let ratio = |a: &MatrixSpectrum, b: &MatrixSpectrum| [b.trace / a.trace, b.largest[0].value / a.largest[0].value];
    for ratio in ratio(&before.hessian, &after.hessian) {
        assert!(!(0.8..1.25).contains(&ratio), "the plain matrix sees it: {ratio}");
    }
}

#[test]
fn many_images_are_gone_through_in_parts() {
    let (graph, (images, labels)) = (network(), images(1_100));
    let params = params(&graph);
    let twice = concatenate(Axis(0), &[images.view(), images.view()]).unwrap();
    let options = SpectrumOptions { steps: 20, ..SpectrumOptions::default() };
    let once = curvature_spectrum(&graph, &params, images.view(), &labels, &options).unwrap();
    let twice = curvature_spectrum(&graph, &params, twice.view(), &[&labels[..], &labels].concat(), &options).unwrap();
    assert_eq!((once.images, twice.images), (1_100, 2_200));
    for (once, twice) in matrices(&once).into_iter().zip(matrices(&twice)) {
        for (a, b) in once.largest.iter().zip(&twice.largest).take(3) {
            assert!((a.value - b.value).abs() < 1e-10 * a.value, "{a:?} {b:?}");
        }
        assert!((once.trace - twice.trace).abs() < 1e-11 * once.trace);
    }
}

#[test]
fn single_precision_agrees_and_threads_make_no_difference() {
    let (graph, (images, labels)) = (network(), images(50));
    let single: Vec<f32> = params(&graph).iter().map(|x| *x as f32).collect();
    let images = images.mapv(|x| x as f32);
    let options = SpectrumOptions { steps: 30, ..SpectrumOptions::default() };
    let measure = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| curvature_spectrum(&graph, &single, images.view(), &labels, &options).unwrap())
    };
    let found = measure(1);
    assert_eq!(found, measure(3));
    for (found, expected) in matrices(&found).into_iter().zip(all_eigenvalues()) {
        let largest = expected.last().unwrap();
        // Rounding at 6e-8 in sums of a few hundred products.
        assert!((found.largest[0].value - largest).abs() < 1e-5 * largest, "{:?} {largest}", found.largest[0]);
        assert!((found.trace - expected.iter().sum::<f64>()).abs() < 1e-5 * found.trace);
    }
}

#[test]
fn bad_input_is_an_error() {
    let (graph, (images, labels)) = (network(), images(50));
    let params = params(&graph);
    let default = SpectrumOptions::default();
    let of = |params: &[f64], images: &Array2<f64>, labels: &[usize], options: &SpectrumOptions| {
        curvature_spectrum(&graph, params, images.view(), labels, options)
    };
    assert!(of(&params, &images, &labels[1..], &default).is_err());
    assert!(of(&params, &Array2::zeros((0, 36)), &[], &default).is_err());
    assert!(of(&params, &Array2::zeros((50, 35)), &labels, &default).is_err());
    assert!(of(&params[1..], &images, &labels, &default).is_err());
    assert!(of(&params, &images, &[3; 50], &default).is_err());
    for options in [SpectrumOptions { steps: 0, ..default }, SpectrumOptions { probes: 0, ..default }] {
        let found = of(&params, &images, &labels, &options);
        assert!(matches!(found, Err(MetricsError::Curvature(_))), "{found:?}");
    }
    let mut broken = params.clone();
    broken[0] = f64::NAN;
    assert!(of(&broken, &images, &labels, &default).is_err());
}

/// For any number of steps, an eigenvalue marked as converged is within 1 % of an exact one or 10⁻⁶ of the largest, and
/// all residuals are bounds. With few steps some have not converged; with as many steps as parameters all have.
#[test]
fn eigenvalues_that_have_not_converged_are_marked() {
    let all = all_eigenvalues();
    let mut open = Vec::new();
    for steps in [3, 5, 8, 12, 20, 40, 1_000] {
        let found = spectrum(steps, 1);
        let mut count = 0;
        for (found, exact) in matrices(&found).into_iter().zip(&all) {
            let size = exact.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
            for eigenvalue in found.largest.iter().chain([&found.smallest]) {
                let apart = exact.iter().map(|x| (x - eigenvalue.value).abs()).fold(f64::INFINITY, f64::min);
                assert!(apart <= eigenvalue.residual + 1e-13 * size, "{steps}: {eigenvalue:?} is {apart:e} away");
                if eigenvalue.converged {
                    assert!(apart <= 0.01 * eigenvalue.value.abs() + 1e-6 * size, "{steps}: {eigenvalue:?}");
                }
                count += usize::from(!eigenvalue.converged);
            }
        }
        open.push(count);
    }
    // Fewer steps report fewer eigenvalues, so the first counts need not decrease.
    assert!(open[..5].iter().all(|&count| count > 4), "{open:?}");
    assert_eq!(open.last(), Some(&0), "{open:?}");
}
