//! Sharpness compared with perturbations computed by hand, in double precision.

use minima_autodiff::softmax_cross_entropy::{gradient_into, loss};
use minima_autodiff::{Model, paper_cnn};
use minima_metrics::{MetricsError, Scope, sharpness};
use ndarray::{Array2, ArrayView2, Axis, Slice};
use std::sync::Arc;

fn network() -> (Model<f64>, Array2<f64>, Vec<usize>) {
    let graph = Arc::new(paper_cnn([8, 8, 1], 10).unwrap());
    let params: Vec<f64> = graph.init(42);
    let images = Array2::from_shape_fn((37, 64), |(i, j)| ((i * 31 + j * j) % 23) as f64 / 22.0);
    (Model::new(graph, params).unwrap(), images, (0..37).map(|i| (i * 7) % 10).collect())
}

fn rows<'a>(images: &'a Array2<f64>, from: usize, to: usize) -> ArrayView2<'a, f64> {
    images.slice_axis(Axis(0), Slice::from(from..to))
}

/// The increase of the mean loss over these images, by definition.
fn by_hand(model: &Model<f64>, images: ArrayView2<'_, f64>, labels: &[usize], rho: f64) -> f64 {
    let mean_loss = |params: &[f64]| {
        let logits = model.graph().logits(params, images).unwrap();
        logits.outer_iter().zip(labels).map(|(row, &y)| loss(&row.to_vec(), y)).sum::<f64>() / labels.len() as f64
    };
    let cotangent = |i: usize, logits: &[f64], out: &mut [f64]| gradient_into(logits, labels[i], 1.0, out);
    let (_, gradient) = model.graph().logits_and_vjp(model.params(), images, &cotangent).unwrap();
    let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
    let moved: Vec<f64> = model.params().iter().zip(&gradient).map(|(p, g)| p + rho * g / norm).collect();
    mean_loss(&moved) - mean_loss(model.params())
}

#[test]
fn a_batch_has_one_perturbation_and_its_increase_counts_for_each_image() {
    let (model, images, labels) = network();
    let found = sharpness(&model, images.view(), &labels, Scope::Batch(16), &[0.01, 0.1]).unwrap();
    for one in &found {
        assert_eq!(one.increases.len(), 37);
        for (from, to) in [(0, 16), (16, 32), (32, 37)] {
            let expected = by_hand(&model, rows(&images, from, to), &labels[from..to], one.rho);
            assert!(expected > 0.0);
            for increase in &one.increases[from..to] {
                assert!((increase - expected).abs() < 1e-10 * expected, "{increase} {expected}");
            }
        }
    }
}

#[test]
fn an_example_has_its_own_perturbation() {
    let (model, images, labels) = network();
    let found = sharpness(&model, images.view(), &labels, Scope::Example, &[0.01, 0.1]).unwrap();
    for one in &found {
        for (i, increase) in one.increases.iter().enumerate() {
            let expected = by_hand(&model, rows(&images, i, i + 1), &labels[i..=i], one.rho);
            assert!((increase - expected).abs() < 1e-10 * expected, "{increase} {expected}");
        }
    }
    let batches_of_one = sharpness(&model, images.view(), &labels, Scope::Batch(1), &[0.01, 0.1]).unwrap();
    for (a, b) in found.iter().zip(&batches_of_one) {
        assert!(a.increases.iter().zip(&b.increases).all(|(a, b)| (a - b).abs() < 1e-10 * b));
    }
}

#[test]
fn no_radius_and_no_gradient_leave_the_loss_as_it_is() {
    let (model, images, labels) = network();
    // Logits so far apart that softmax − onehot is zero in f64.
    let mut sure = model.clone();
    let label = labels[0];
    sure.graph().clone().view_mut(sure.params_mut(), "Dense_1.bias").unwrap()[label] = 1e6;
    for scope in [Scope::Batch(8), Scope::Example] {
        let found = sharpness(&model, images.view(), &labels, scope, &[0.0]).unwrap();
        assert!(found[0].increases.iter().all(|&increase| increase == 0.0));
        let found = sharpness(&sure, images.view(), &vec![label; 37], scope, &[0.5]).unwrap();
        assert!(found[0].increases.iter().all(|&increase| increase == 0.0));
    }
}

#[test]
fn threads_make_no_difference() {
    let (model, images, labels) = network();
    let measure = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            [Scope::Batch(20), Scope::Example]
                .map(|scope| sharpness(&model, images.view(), &labels, scope, &[0.01]).unwrap())
        })
    };
    assert_eq!(measure(1), measure(3));
}

#[test]
fn bad_input_is_an_error() {
    let (model, images, labels) = network();
    for rho in [-0.1, f64::NAN, f64::INFINITY] {
        let found = sharpness(&model, images.view(), &labels, Scope::Example, &[0.1, rho]);
        assert!(matches!(found, Err(MetricsError::Rho { .. })));
    }
    let found = sharpness(&model, images.view(), &labels, Scope::Batch(0), &[0.1]);
    assert!(matches!(found, Err(MetricsError::BatchSize)));
    let found = sharpness(&model, images.view(), &labels[1..], Scope::Example, &[0.1]);
    assert!(matches!(found, Err(MetricsError::Autodiff(_))));
    let narrow = Array2::zeros((37, 63));
    let found = sharpness(&model, narrow.view(), &labels, Scope::Example, &[0.1]);
    assert!(matches!(found, Err(MetricsError::Autodiff(_))));
    let mut broken = model.clone();
    broken.params_mut()[0] = f64::NAN;
    let found = sharpness(&broken, images.view(), &labels, Scope::Example, &[0.1]);
    assert!(matches!(found, Err(MetricsError::NotFinite { .. })), "{found:?}");
}
