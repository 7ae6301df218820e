//! Loss, accuracy, input gradients and margins of a linear network, for which all values are known in closed form.

use minima_autodiff::softmax_cross_entropy::softmax;
use minima_autodiff::{Classifier, GraphBuilder, Model};
use minima_metrics::{MetricsError, evaluate, input_gradient_norms, logit_margins, zero_share};
use ndarray::{Array2, array};
use std::sync::Arc;

/// Logits `x W`, `W` of shape (3, 2).
fn linear(kernel: &Array2<f64>) -> Model<f64> {
    let mut g = GraphBuilder::new(&[3]);
    let y = g.dense(g.input(), "Dense_0", 2).unwrap();
    let graph = g.finish(y).unwrap();
    let mut params = vec![0.0; graph.parameter_count()];
    graph.view_mut(&mut params, "Dense_0.kernel").unwrap().assign(kernel);
    Model::new(Arc::new(graph), params).unwrap()
}

#[test]
fn closed_forms() {
    let kernel = array![[1.0, -1.0], [0.5, 2.0], [-3.0, 0.0]];
    let model = linear(&kernel);
    // More images than are evaluated at once.
    let images = Array2::from_shape_fn((4_100, 3), |(i, j)| ((i * (j + 3)) % 11) as f64 / 10.0);
    let labels: Vec<usize> = (0..4_100).map(|i| (i / 3) % 2).collect();
    let (logits, p) = (images.dot(&kernel), softmax(images.dot(&kernel).view()));
    let (norms, margins) = (
        input_gradient_norms(&model, images.view(), &labels).unwrap(),
        logit_margins(&model, images.view(), &labels).unwrap(),
    );
    let (mut correct, mut total) = (0, 0.0);
    for (i, &label) in labels.iter().enumerate() {
        // With two classes p − onehot is ±(1 − p_y) (−1, 1), so the gradient lies along the columns' difference.
        let columns: Vec<f64> = kernel.outer_iter().map(|row| row[1] - row[0]).collect();
        let norm = (1.0 - p[[i, label]]) * columns.iter().map(|c| c * c).sum::<f64>().sqrt();
        assert!((norms[i] - norm).abs() < 1e-12, "{i}: {} {norm}", norms[i]);
        let margin = logits[[i, label]] - logits[[i, 1 - label]];
        assert!((margins[i] - margin).abs() < 1e-12, "{i}: {} {margin}", margins[i]);
        correct += usize::from(margin > 1e-9 || (margin.abs() <= 1e-9 && label == 0));
        total -= p[[i, label]].ln();
    }
    let found = evaluate(&model, images.view(), &labels).unwrap();
    assert_eq!((found.correct, found.count), (correct, 4_100));
    assert!((found.mean_loss - total / 4_100.0).abs() < 1e-12);
    assert_eq!(zero_share(&norms), 0.0);
}

#[test]
fn a_flat_network_has_zero_gradients() {
    let model = linear(&Array2::zeros((3, 2)));
    let norms = input_gradient_norms(&model, Array2::ones((5, 3)).view(), &[0, 1, 0, 1, 0]).unwrap();
    assert_eq!((zero_share(&norms), zero_share(&[0.0, 1.0]), zero_share(&[])), (1.0, 0.5, 0.0));
}

#[test]
fn bad_input_is_an_error() {
    let model = linear(&Array2::ones((3, 2)));
    let images = Array2::ones((2, 3));
    assert!(matches!(evaluate(&model, Array2::ones((0, 3)).view(), &[]), Err(MetricsError::Empty { .. })));
    for labels in [&[0][..], &[0, 2], &[0, 1, 1]] {
        assert!(matches!(evaluate(&model, images.view(), labels), Err(MetricsError::Autodiff(_))));
        assert!(matches!(input_gradient_norms(&model, images.view(), labels), Err(MetricsError::Autodiff(_))));
        assert!(matches!(logit_margins(&model, images.view(), labels), Err(MetricsError::Autodiff(_))));
    }
    let narrow = Array2::ones((2, 2));
    assert!(matches!(evaluate(&model, narrow.view(), &[0, 1]), Err(MetricsError::Autodiff(_))));
    let diverged = linear(&Array2::from_elem((3, 2), f64::NAN));
    let found = evaluate(&diverged, images.view(), &[0, 1]).unwrap();
    assert!(found.mean_loss.is_nan() && found.correct == 0);
    assert!(matches!(
        input_gradient_norms(&diverged, images.view(), &[0, 1]),
        Err(MetricsError::NotFinite { place: 0, .. })
    ));
    assert_eq!(diverged.logits(images.view()).unwrap().dim(), (2, 2));
}
