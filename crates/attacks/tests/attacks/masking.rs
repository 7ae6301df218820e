//! The checks for gradient masking on a linear network, and on the same network with logits so large that its softmax
//! saturates. The class and robustness of each image are the same, but the gradient of the cross-entropy vanishes.

use minima_attacks::{Ball, Verdict, gradient_masking, gradient_masking_among};
use minima_autodiff::softmax_cross_entropy::predicted;
use minima_autodiff::{Classifier, GraphBuilder, Model};
use ndarray::Array2;
use std::sync::Arc;

/// A linear network whose logits are multiplied by this scale.
fn linear(classes: usize, scale: f32) -> Model<f32> {
    let mut g = GraphBuilder::new(&[8, 8, 1]);
    let x = g.flatten(g.input());
    let y = g.dense(x, "Dense_0", classes).unwrap();
    let graph = Arc::new(g.finish(y).unwrap());
    let params = graph.init::<f32>(11).into_iter().map(|p| scale * p).collect();
    Model::new(graph, params).unwrap()
}

fn images(model: &Model<f32>) -> (Array2<f32>, Vec<usize>) {
    let images = Array2::from_shape_fn((60, 64), |(i, j)| ((i * 7 + j * (i + 2)) % 13) as f32 / 12.0);
    let logits = model.logits(images.view()).unwrap();
    (images, logits.outer_iter().map(|row| predicted(row).unwrap()).collect())
}

#[test]
fn a_network_with_gradients_passes() {
    // Two classes: with more, the gradient need not lead to the nearest class.
    let model = linear(2, 1.0);
    let (images, labels) = images(&model);
    let ball = Ball::linf(0.05).unwrap();
    let report = gradient_masking_among(&model, &[&model], images.view(), &labels, ball).unwrap();
    assert_eq!(report.checks.len(), 8);
    assert!(report.checks.iter().all(|check| check.verdict == Verdict::Pass), "{report:#?}");
    assert!(report.passes());
}

#[test]
fn a_saturated_network_is_found_out() {
    let model = linear(4, 10_000.0);
    let (images, labels) = images(&model);
    let ball = Ball::linf(0.05).unwrap();
    let report = gradient_masking(&model, images.view(), &labels, ball).unwrap();
    let failed = |part: &str| report.checks.iter().any(|c| c.name.contains(part) && c.verdict == Verdict::Fail);
    assert!(failed("black-box") && failed("100 %") && failed("have a gradient"), "{report:#?}");
    assert!(!report.passes());
    let transfer = report.checks.iter().find(|check| check.name.contains("another network")).unwrap();
    assert_eq!(transfer.verdict, Verdict::NotRun);
}

#[test]
fn nothing_is_said_of_a_network_that_is_always_wrong() {
    let model = linear(4, 1.0);
    let (images, labels) = images(&model);
    let wrong: Vec<usize> = labels.iter().map(|label| (label + 1) % 4).collect();
    let report = gradient_masking(&model, images.view(), &wrong, Ball::linf(0.05).unwrap()).unwrap();
    assert!(report.checks.iter().all(|check| check.verdict == Verdict::NotRun));
    assert_eq!(report.checks.first().unwrap().verdict.to_string(), "not run");
}
