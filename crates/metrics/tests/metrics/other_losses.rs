//! Measures with other losses than softmax cross-entropy, compared with formulas and central differences.

use minima_autodiff::softmax_cross_entropy::softmax;
use minima_autodiff::{AutodiffError, Graph, GraphBuilder, Loss, Model, SoftmaxCrossEntropy, SquaredError};
use minima_metrics::{
    MetricsError, Scope, evaluate, evaluate_with_loss, input_gradient_norms, input_gradient_norms_with_loss, sharpness,
    sharpness_with_loss,
};
use ndarray::{Array2, ArrayView2, Axis, Slice};
use std::sync::Arc;

const FEATURES: usize = 4;
const CLASSES: usize = 3;
const WEIGHTS: [f64; CLASSES] = [0.5, 2.0, 0.0];
/// The step of central differences.
const STEP: f64 = 1e-5;

/// A network with one hidden layer, and images with labels of all classes.
fn network(images: usize) -> (Model<f64>, Array2<f64>, Vec<usize>) {
    let mut g = GraphBuilder::new(&[FEATURES]);
    let x = g.dense(g.input(), "Dense_0", 6).unwrap();
    let x = g.relu(x);
    let y = g.dense(x, "Dense_1", CLASSES).unwrap();
    let graph = Arc::new(g.finish(y).unwrap());
    // No bias is zero, so that no unit is at its kink.
    let params = graph.init::<f64>(3).iter().zip(1..).map(|(p, i)| p + 0.1 * f64::from(i).sin()).collect();
    let pixels = |(i, j): (usize, usize)| ((i * 31 + j * j + i * j) % 23) as f64 / 22.0;
    let labels = (0..images).map(|i| (i * i + i / 5) % CLASSES).collect();
    (Model::new(graph, params).unwrap(), Array2::from_shape_fn((images, FEATURES), pixels), labels)
}

fn weighted() -> SoftmaxCrossEntropy {
    SoftmaxCrossEntropy::default().with_class_weights(&WEIGHTS).unwrap()
}

/// A loss, with the formula of one image's loss and the weight of its label.
struct Case {
    loss: Box<dyn Loss>,
    image: fn(&[f64], usize) -> f64,
    weight: fn(usize) -> f64,
}

fn negative_log(logits: &[f64], label: usize) -> f64 {
    let p = softmax(ArrayView2::from_shape((1, CLASSES), logits).unwrap());
    -p[[0, label]].ln()
}

fn cases() -> [Case; 3] {
    let squares = |logits: &[f64], label: usize| {
        let residual = |(class, a): (usize, &f64)| a - f64::from(u8::from(class == label));
        logits.iter().enumerate().map(|at| residual(at).powi(2)).sum::<f64>() / 2.0
    };
    [
        Case { loss: Box::new(SoftmaxCrossEntropy::default()), image: negative_log, weight: |_| 1.0 },
        Case { loss: Box::new(SquaredError), image: squares, weight: |_| 1.0 },
        Case {
            loss: Box::new(weighted()),
            image: |logits, label| WEIGHTS[label] * negative_log(logits, label),
            weight: |label| WEIGHTS[label],
        },
    ]
}

impl Case {
    /// The losses of the images at these parameters.
    fn losses(&self, graph: &Graph, params: &[f64], images: ArrayView2<'_, f64>, labels: &[usize]) -> Vec<f64> {
        let logits = graph.logits(params, images).unwrap();
        logits.outer_iter().zip(labels).map(|(row, &label)| (self.image)(&row.to_vec(), label)).collect()
    }

    fn total_weight(&self, labels: &[usize]) -> f64 {
        labels.iter().map(|&label| (self.weight)(label)).sum()
    }

    /// The increase of the sum of the losses over `divisor`, along the gradient from central differences.
    fn increase(&self, model: &Model<f64>, (images, labels): Labelled<'_>, divisor: f64, rho: f64) -> f64 {
        let at = |params: &[f64]| self.losses(model.graph(), params, images, labels).iter().sum::<f64>() / divisor;
        let moved = |direction: &[f64], by: f64| -> Vec<f64> {
            model.params().iter().zip(direction).map(|(p, d)| p + by * d).collect()
        };
        let slope = |j: usize| {
            let unit: Vec<f64> = (0..model.params().len()).map(|k| f64::from(u8::from(k == j))).collect();
            (at(&moved(&unit, STEP)) - at(&moved(&unit, -STEP))) / (2.0 * STEP)
        };
        let gradient: Vec<f64> = (0..model.params().len()).map(slope).collect();
        let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
        if norm == 0.0 { 0.0 } else { at(&moved(&gradient, rho / norm)) - at(model.params()) }
    }
}

type Labelled<'a> = (ArrayView2<'a, f64>, &'a [usize]);

fn part<'a>(images: &'a Array2<f64>, labels: &'a [usize], from: usize, to: usize) -> Labelled<'a> {
    (images.slice_axis(Axis(0), Slice::from(from..to)), &labels[from..to])
}

#[test]
fn a_mean_loss_is_divided_by_the_weight_of_all_labels() {
    // More images than are evaluated at once.
    let (model, images, labels) = network(4_100);
    let plain = evaluate(&model, images.view(), &labels).unwrap();
    for case in cases() {
        let found = evaluate_with_loss(&model, images.view(), &labels, &*case.loss).unwrap();
        let losses = case.losses(model.graph(), model.params(), images.view(), &labels);
        let expected = losses.iter().sum::<f64>() / case.total_weight(&labels);
        assert!((found.mean_loss / expected - 1.0).abs() < 1e-12, "{:?}: {found:?} {expected}", case.loss);
        assert_eq!((found.correct, found.count), (plain.correct, plain.count));
        assert_eq!(found == plain, case.loss.is_plain_cross_entropy());
    }
}

#[test]
fn input_gradients_are_the_derivatives_of_each_loss() {
    let (model, images, labels) = network(40);
    for case in cases() {
        let norms = input_gradient_norms_with_loss(&model, images.view(), &labels, &*case.loss).unwrap();
        assert_eq!(norms.len(), 40);
        for (i, norm) in norms.iter().enumerate() {
            let slope = |j: usize| {
                let moved = |by: f64| {
                    let mut image = images.slice_axis(Axis(0), Slice::from(i..=i)).to_owned();
                    image[[0, j]] += by;
                    case.losses(model.graph(), model.params(), image.view(), &labels[i..=i])[0]
                };
                (moved(STEP) - moved(-STEP)) / (2.0 * STEP)
            };
            let expected = (0..FEATURES).map(|j| slope(j).powi(2)).sum::<f64>().sqrt();
            assert!((norm - expected).abs() < 1e-8, "{:?} {i}: {norm} {expected}", case.loss);
        }
        let plain = input_gradient_norms(&model, images.view(), &labels).unwrap();
        assert_eq!(norms == plain, case.loss.is_plain_cross_entropy());
    }
}

#[test]
fn sharpness_is_the_increase_of_each_loss() {
    let (model, images, labels) = network(21);
    let rhos = [0.02, 0.2];
    let close = |found: f64, expected: f64| (found - expected).abs() < 1e-7 * expected.abs().max(1e-3);
    for case in cases() {
        let measure = |scope| sharpness_with_loss(&model, images.view(), &labels, &*case.loss, scope, &rhos).unwrap();
        for one in measure(Scope::Batch(8)) {
            for (from, to) in [(0, 8), (8, 16), (16, 21)] {
                let batch = part(&images, &labels, from, to);
                let expected = case.increase(&model, batch, case.total_weight(batch.1), one.rho);
                let found = &one.increases[from..to];
                assert!(found.iter().all(|&found| close(found, expected)), "{:?}: {found:?} {expected}", case.loss);
            }
        }
        for one in measure(Scope::Example) {
            for (i, &found) in one.increases.iter().enumerate() {
                let expected = case.increase(&model, part(&images, &labels, i, i + 1), 1.0, one.rho);
                assert!(close(found, expected), "{:?} {i}: {found} {expected}", case.loss);
            }
        }
        for scope in [Scope::Batch(8), Scope::Example] {
            let plain = sharpness(&model, images.view(), &labels, scope, &rhos).unwrap();
            assert_eq!(measure(scope) == plain, case.loss.is_plain_cross_entropy());
        }
    }
}

#[test]
fn a_loss_that_does_not_fit_the_labels_is_an_error() {
    let (model, images, labels) = network(12);
    let two = SoftmaxCrossEntropy::default().with_class_weights(&[1.0, 1.0]).unwrap();
    // All labels of the class without weight; then all but the last batch.
    let (none, mut few) = (vec![2; 12], vec![2; 12]);
    few[0] = 1;
    let wrong = |error: MetricsError| {
        let option = AutodiffError::LossOption { option: "class_weights", found: 0.0, expected: "" };
        let MetricsError::Autodiff(found) = error else { return false };
        std::mem::discriminant(&found) == std::mem::discriminant(&option)
    };
    for (loss, labels) in [(&two, &labels), (&weighted(), &none)] {
        assert!(wrong(evaluate_with_loss(&model, images.view(), labels, loss).unwrap_err()));
        assert!(wrong(input_gradient_norms_with_loss(&model, images.view(), labels, loss).unwrap_err()));
        for scope in [Scope::Batch(4), Scope::Example] {
            assert!(wrong(sharpness_with_loss(&model, images.view(), labels, loss, scope, &[0.1]).unwrap_err()));
        }
    }
    let measure = |scope| sharpness_with_loss(&model, images.view(), &few, &weighted(), scope, &[0.1]);
    assert!(wrong(measure(Scope::Batch(4)).unwrap_err()));
    // An image without weight has no loss that could rise.
    let found = measure(Scope::Example).unwrap();
    assert!(found[0].increases[0] > 0.0 && found[0].increases[1..].iter().all(|&increase| increase == 0.0));
    for labels in [&labels[1..], &[CLASSES; 12]] {
        let found = evaluate_with_loss(&model, images.view(), labels, &SquaredError);
        assert!(matches!(found, Err(MetricsError::Autodiff(_))), "{found:?}");
    }
}
