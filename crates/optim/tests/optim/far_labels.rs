//! Second-order directions if a label's logit is far below the largest: single precision compared with double
//! precision.

use minima_autodiff::{Graph, GraphBuilder, Scalar};
use minima_optim::{Batch, GaussNewton, GgnVariant, SecondOrder, SolvePrecision};
use minima_rng::Key;
use ndarray::{Array2, array};

fn dense(features: usize, classes: usize) -> Graph {
    let mut g = GraphBuilder::new(&[features]);
    let y = g.dense(g.input(), "Dense_0", classes).unwrap();
    g.finish(y).unwrap()
}

/// The directions of both exact solvers at these parameters, with the system in double precision.
fn directions<T: Scalar>(
    graph: &Graph,
    params: &[f64],
    images: &Array2<f64>,
    labels: &[usize],
    variant: GgnVariant,
    damping: f64,
) -> [Vec<f64>; 2] {
    let params: Vec<T> = params.iter().map(|&p| T::from_f64(p)).collect();
    let images = images.mapv(T::from_f64);
    let batch = Batch::new(images.view(), labels).unwrap();
    let widened = |direction: Vec<T>| direction.into_iter().map(Scalar::as_f64).collect();
    let plain = GaussNewton::new(variant).with_damping(damping).with_precision(SolvePrecision::Double);
    let general = SecondOrder::gauss_newton(variant).with_damping(damping);
    [
        widened(plain.direction::<T, _>(graph, &params, &batch).unwrap().1),
        widened(general.direction(graph, &params, &batch).unwrap().1),
    ]
}

fn relative_error(found: &[f64], expected: &[f64]) -> f64 {
    let norm = |of: &mut dyn Iterator<Item = f64>| of.map(|x| x * x).sum::<f64>().sqrt();
    norm(&mut found.iter().zip(expected).map(|(f, e)| f - e)) / norm(&mut expected.iter().copied())
}

#[test]
fn the_direction_of_two_coupled_images() {
    let graph = dense(2, 2);
    let (params, images) = ([0.0, 0.0, 240.0, 0.0, -96.0, 0.0], array![[1.0, 0.3], [0.2, 0.5]]);
    let of = |variant| directions::<f32>(&graph, &params, &images, &[1, 0], variant, 0.1);
    for direction in of(GgnVariant::Mean) {
        for (found, expected) in direction.iter().zip([0.414_201, -0.414_201, 4.082_840]) {
            // The expected values have six digits, and the network is in single precision.
            assert!((found - expected).abs() < 1e-5, "{direction:?}");
        }
    }
}

/// Images that share parameters; the label of one image is `gap` below the other logit.
#[test]
fn no_gap_decouples_images() {
    let graph = dense(2, 2);
    let images = array![[1.0, 0.3], [0.2, 0.5]];
    for gap in [20.0, 87.0, 100.0, 173.0, 187.0, 202.0, 207.0, 300.0, 700.0, 1000.0, 1e5] {
        let params = [0.0, 0.0, gap * 1.1, 0.0, -gap * 0.4, 0.0];
        for variant in [GgnVariant::Mean, GgnVariant::Sum] {
            let of_double = directions::<f64>(&graph, &params, &images, &[1, 0], variant, 0.1);
            let of_single = directions::<f32>(&graph, &params, &images, &[1, 0], variant, 0.1);
            for (found, expected) in of_single.iter().zip(&of_double) {
                let error = relative_error(found, expected);
                // Rounding of a matrix with entries of order 1, divided by a damping of 0.1: a few times 6e-7.
                assert!(error < 5e-6, "gap {gap}, {variant:?}: relative error {error:e}");
            }
        }
    }
}

/// Random networks with logits of all sizes and random labels.
#[test]
fn random_networks_agree_with_double_precision() {
    let (features, classes, count) = (5, 4, 6);
    let graph = dense(features, classes);
    for case in 0..60 {
        let key = Key::new(case);
        let scale = 10.0_f64.powf(case as f64 / 20.0);
        let params: Vec<f64> =
            key.fold_in(1).normal(graph.parameter_count()).into_iter().map(|p| f64::from(scale as f32 * p)).collect();
        let pixels = key.fold_in(2).uniform(count * features).into_iter().map(f64::from).collect();
        let images = Array2::from_shape_vec((count, features), pixels).unwrap();
        let labels: Vec<usize> = (0..count).map(|i| (i * 7 + case as usize) % classes).collect();
        for variant in [GgnVariant::Mean, GgnVariant::Sum] {
            let of_double = directions::<f64>(&graph, &params, &images, &labels, variant, 0.1);
            let of_single = directions::<f32>(&graph, &params, &images, &labels, variant, 0.1);
            for (found, expected) in of_single.iter().zip(&of_double) {
                let error = relative_error(found, expected);
                // Logits of size `scale` have errors of `scale` roundings, which become relative errors of the
                // probabilities.
                let allowed = 2e-6 * (10.0 + 10.0 * scale);
                assert!(error < allowed, "case {case}, {variant:?}: relative error {error:e}, allowed {allowed:e}");
            }
        }
    }
}
