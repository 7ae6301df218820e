//! Minimum-norm attacks with logits that are tied, rounded, or of extreme size.

use crate::networks;

use minima_attacks::{Apgd, Attack, Ball, CarliniWagner, DeepFool, FabT, Fgsm, Norm, Pgd, Square};
use minima_autodiff::{Classifier, GraphBuilder, Model, Scalar};
use minima_rng::Key;
use ndarray::Array2;
use networks::{Changed, FEATURES, images, linear, predictions};
use std::sync::Arc;

/// The image itself has equal logits: the nearest image of another class is next to it.
#[test]
fn a_tie_is_left() {
    fn case<T: Scalar>(tiny: f64) {
        let mut g = GraphBuilder::new(&[2]);
        let y = g.dense(g.input(), "Dense_0", 2).unwrap();
        let graph = Arc::new(g.finish(y).unwrap());
        // Logits (x₀, 1 − x₀).
        let params = [0.0, 1.0, 1.0, -1.0, 0.0, 0.0].map(T::from_f64).to_vec();
        let model = Model::new(graph, params).unwrap();
        let image = Array2::from_elem((1, 2), T::from_f64(0.5));
        for norm in [Norm::Linf, Norm::L2] {
            let deep_fool = DeepFool::default().minimal(&model, image.view(), &[0], norm).unwrap().distances[0];
            let fab = FabT::default().minimal(&model, image.view(), &[0], norm).unwrap().distances[0];
            assert!(deep_fool > 0.0 && deep_fool < 2e-4, "{norm}: DeepFool {deep_fool}");
            assert!(fab > 0.0 && fab < tiny, "{norm}: FAB {fab}");
        }
        let carlini_wagner = CarliniWagner { steps: 300, ..CarliniWagner::default() };
        let found = carlini_wagner.minimal(&model, image.view(), &[0]).unwrap().distances[0];
        assert!(found > 0.0 && found < 0.05, "Carlini-Wagner {found}");
    }
    case::<f32>(1e-5);
    case::<f64>(1e-12);
}

/// A black image and a network without biases: all logits are 0.
#[test]
fn a_black_image_without_biases_is_left() {
    let model = linear::<f32>(5, 0.0);
    let image = Array2::zeros((1, FEATURES));
    for norm in [Norm::Linf, Norm::L2] {
        for found in [
            DeepFool::default().minimal(&model, image.view(), &[0], norm).unwrap().distances[0],
            FabT::default().minimal(&model, image.view(), &[0], norm).unwrap().distances[0],
        ] {
            assert!(found > 0.0 && found < 0.01, "{norm}: {found}");
        }
    }
}

/// Logits rounded to ten bits, as in half precision: DeepFool steps onto ties and moves past them.
#[test]
fn rounded_logits_do_not_stop_deep_fool() {
    let ten_bits = |_: usize, z: f32| f32::from_bits(z.to_bits() & !0x1fff);
    let images = images::<f32>();
    let model = Changed::mapped(linear(5, 1.0), ten_bits);
    let labels = model.labels(&images);
    for norm in [Norm::Linf, Norm::L2] {
        for overshoot in [0.0, 1e-7, 1e-6, 0.02] {
            let deep_fool = DeepFool { overshoot, ..DeepFool::default() };
            let found = deep_fool.minimal(&model, images.view(), &labels, norm).unwrap();
            let missed = found.distances.iter().filter(|d| d.is_infinite()).count();
            assert_eq!(missed, 0, "{norm}, overshoot {overshoot}");
        }
    }
}

/// A large number added to all logits rounds them, but does not stop any minimum-norm attack.
#[test]
fn an_offset_of_logits_does_not_stop_deep_fool() {
    let images = images::<f32>();
    for offset in [1e3, 1e4, 1e5] {
        let model = Changed::mapped(linear(5, 1.0), move |_, z| z + offset);
        let labels = model.labels(&images);
        for norm in [Norm::Linf, Norm::L2] {
            let found = DeepFool::default().minimal(&model, images.view(), &labels, norm).unwrap();
            assert!(found.distances.iter().all(|d| d.is_finite()), "{norm}, {offset:e}: {:?}", found.distances);
        }
    }
}

/// The distances of a linear network do not depend on the scale of its logits.
#[test]
fn the_scale_of_logits_does_not_matter() {
    let images = images::<f32>();
    let labels = Changed::mapped(linear(5, 1.0), |_, z| z).labels(&images);
    for norm in [Norm::Linf, Norm::L2] {
        let distances = |scale: f32| -> [Vec<f64>; 2] {
            let inner = linear::<f32>(5, 1.0);
            let params = inner.params().iter().map(|p| scale * p).collect();
            let model = Model::new(inner.graph().clone(), params).unwrap();
            [
                DeepFool::default().minimal(&model, images.view(), &labels, norm).unwrap().distances,
                FabT::default().minimal(&model, images.view(), &labels, norm).unwrap().distances,
            ]
        };
        let expected = distances(1.0);
        for scale in [1e-30, 1e-25, 1e-10, 1e10, 1e19, 1e30] {
            for (found, expected) in distances(scale).iter().zip(&expected) {
                for (found, expected) in found.iter().zip(expected) {
                    // The tolerance covers the pixels' rounding and DeepFool's 10⁻⁴ beyond the boundary.
                    assert!((found - expected).abs() < 1e-4 * expected + 1e-6, "{norm}, {scale:e}: {found} {expected}");
                }
            }
        }
    }
}

/// A minimum-norm attack counts an image exactly if its distance is at most the radius, without tolerance.
#[test]
fn a_distance_is_compared_without_room() {
    let images = images::<f64>();
    let model = linear::<f64>(5, 1.0);
    let labels = predictions(&model, &images);
    for norm in [Norm::Linf, Norm::L2] {
        let distances = DeepFool::default().minimal(&model, images.view(), &labels, norm).unwrap().distances;
        for (i, &distance) in distances.iter().enumerate() {
            let success = |radius: f64| {
                let ball = Ball::new(norm, radius).unwrap();
                DeepFool::default().run(&model, images.view(), &labels, ball).unwrap().success[i]
            };
            assert!(success(distance) && !success(distance - 5e-8), "{norm}, image {i}: {distance}");
        }
    }
}

/// Grey and bright images of 784 pixels whose margin is smaller than the effect of rounding their pixels.
#[test]
fn fab_crosses_a_margin_below_the_rounding_of_pixels() {
    let features = 784;
    let mut g = GraphBuilder::new(&[features]);
    let y = g.dense(g.input(), "Dense_0", 2).unwrap();
    let graph = Arc::new(g.finish(y).unwrap());
    for (grey, margin) in [(0.5, 1e-6), (0.75, 1e-6), (0.9, 1e-7), (1.0, 1e-6_f64)] {
        // The label's logit leads by the margin and decreases with every pixel.
        let mut params = vec![margin as f32, 0.0];
        params.extend((0..features).flat_map(|j| {
            let w = if j % 2 == 0 { 1.0 } else { -1.0 };
            [w, -w]
        }));
        let model = Model::new(graph.clone(), params).unwrap();
        let image = Array2::from_elem((1, features), grey as f32);
        for norm in [Norm::Linf, Norm::L2] {
            let found = FabT::default().minimal(&model, image.view(), &[0], norm).unwrap().distances[0];
            // Some roundings of every pixel, 6e-8 each.
            let rounding = if norm == Norm::Linf { 6e-8 } else { 28.0 * 6e-8 };
            assert!(found > 0.0 && found < 30.0 * rounding, "{norm}, grey {grey}: {found:e}");
        }
    }
}

#[test]
fn radius_zero_counts_no_success() {
    let images = images::<f64>();
    let model = linear::<f64>(5, 1.0);
    let labels = predictions(&model, &images);
    for norm in [Norm::Linf, Norm::L2] {
        let nearest = FabT::default().minimal(&model, images.view(), &labels, norm).unwrap().distances;
        for radius in [0.0, 1e-12, 1e-10] {
            let ball = Ball::new(norm, radius).unwrap();
            assert!(nearest.iter().all(|&d| d > radius));
            for attack in [&DeepFool::default() as &dyn Attack<f64>, &Pgd::default(), &Fgsm::default(), &Apgd::dlr()] {
                let found = attack.run(&model, images.view(), &labels, ball).unwrap();
                assert_eq!(found.successes(), 0, "{} at {radius} in {norm}", attack.name());
                assert!(radius > 0.0 || found.distances.iter().all(|&d| d == 0.0));
            }
        }
    }
}

#[test]
fn square_has_smaller_squares_in_small_pictures() {
    let mut g = GraphBuilder::new(&[9]);
    let y = g.dense(g.input(), "Dense_0", 2).unwrap();
    let graph = Arc::new(g.finish(y).unwrap());
    let mut params: Vec<f32> = Key::new(9).normal(graph.parameter_count());
    // Grey lies on the boundary.
    for c in 0..2 {
        params[c] = -0.5 * (0..9).map(|j| params[2 + 2 * j + c]).sum::<f32>();
    }
    let model = Model::new(graph, params).unwrap();
    let drawn = Key::new(10).uniform(20 * 9);
    let images = Array2::from_shape_fn((20, 9), |(i, j)| 0.25 + 0.5 * drawn[i * 9 + j]);
    let labels: Vec<usize> =
        model.logits(images.view()).unwrap().outer_iter().map(|z| usize::from(z[1] > z[0])).collect();
    let ball = Ball::l2(0.3).unwrap();
    let by_gradient = Pgd::default().run(&model, images.view(), &labels, ball).unwrap().successes();
    let square = Square { queries: 2_000, shape: Some([3, 3, 1]), ..Square::default() };
    let by_search = square.run(&model, images.view(), &labels, ball).unwrap().successes();
    assert!(by_gradient > 10 && by_search + 2 >= by_gradient, "PGD {by_gradient}, Square {by_search}");
}
