//! Scaled logits: margins scale by the factor, and decisions are unchanged.

use minima_autodiff::{Classifier, Conv2dSpec, DenseSpec, GraphBuilder, Model, paper_cnn};
use minima_metrics::{MetricsError, evaluate, logit_margins, with_scaled_logits};
use ndarray::Array2;
use std::sync::Arc;

fn network() -> (Model<f32>, Array2<f32>, Vec<usize>) {
    let graph = Arc::new(paper_cnn([8, 8, 1], 10).unwrap());
    let mut params: Vec<f32> = graph.init(3);
    params.iter_mut().enumerate().for_each(|(i, x)| *x += 0.01 * ((i % 7) as f32 - 3.0));
    let images = Array2::from_shape_fn((50, 64), |(i, j)| ((i * 31 + j * j + i * j) % 23) as f32 / 22.0);
    (Model::new(graph, params).unwrap(), images, (0..50).map(|i| (i * 7 + i / 3) % 10).collect())
}

#[test]
fn margins_are_multiplied_and_decisions_stay() {
    let (model, images, labels) = network();
    let before = logit_margins(&model, images.view(), &labels).unwrap();
    let largest = model.logits(images.view()).unwrap().iter().fold(0.0_f32, |most, a| most.max(a.abs()));
    for factor in [0.3, 1.7, 12.5] {
        let scaled = with_scaled_logits(&model, factor).unwrap();
        let after = logit_margins(&scaled, images.view(), &labels).unwrap();
        // A logit is a sum of 17 rounded products with rounded weights of the size of the logits: half an ulp for each
        // rounding.
        let rounding = 2.0 * 17.0 * 2.0 * 2.0_f64.powi(-24) * factor * f64::from(largest);
        for (before, after) in before.iter().zip(&after) {
            assert!((after - factor * before).abs() <= rounding, "{after} {before}");
        }
        let [was, is] = [&model, &scaled].map(|model| evaluate(model, images.view(), &labels).unwrap());
        assert_eq!(was.correct, is.correct);
        assert_ne!(was.mean_loss, is.mean_loss);
    }
}

#[test]
fn a_power_of_two_changes_no_bit_but_the_exponent() {
    let (model, images, _) = network();
    for factor in [0.25_f32, 1.0, 8.0] {
        let scaled = with_scaled_logits(&model, f64::from(factor)).unwrap();
        let expected = model.logits(images.view()).unwrap().mapv(|a| factor * a);
        assert_eq!(scaled.logits(images.view()).unwrap(), expected);
        for spec in model.graph().parameters().iter().filter(|spec| spec.module != "Dense_1") {
            assert_eq!(scaled.params()[spec.range.clone()], model.params()[spec.range.clone()]);
        }
    }
}

#[test]
fn a_last_layer_without_bias_is_scaled_and_a_sum_is_not() {
    let without_bias = DenseSpec { bias: false, ..DenseSpec::new(3) };
    let build = |with_bypass: bool| {
        let mut g = GraphBuilder::new(&[3]);
        let x = g.dense(g.input(), "Dense_0", 3).unwrap();
        let y = g.dense_on_last_axis(x, "Dense_1", &without_bias).unwrap();
        let y = if with_bypass { g.add(x, y).unwrap() } else { y };
        let graph = Arc::new(g.finish(y).unwrap());
        let params: Vec<f64> = graph.init(2);
        Model::new(graph, params).unwrap()
    };
    let images = Array2::from_shape_fn((5, 3), |(i, j)| ((i * 7 + j * 5) % 11) as f64 / 10.0);
    let model = build(false);
    let scaled = with_scaled_logits(&model, 4.0).unwrap();
    let expected = model.logits(images.view()).unwrap().mapv(|a| 4.0 * a);
    assert_eq!(scaled.logits(images.view()).unwrap(), expected);
    // The logits are a sum: a factor of the last layer alone is not a factor of the logits.
    assert!(matches!(with_scaled_logits(&build(true), 4.0), Err(MetricsError::LastLayer { .. })));
}

#[test]
fn what_cannot_be_scaled_is_an_error() {
    let (model, ..) = network();
    for factor in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(with_scaled_logits(&model, factor), Err(MetricsError::LogitFactor { .. })));
    }
    let mut g = GraphBuilder::new(&[2, 2, 1]);
    let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(2, 3)).unwrap();
    let x = g.flatten(x);
    let graph = Arc::new(g.finish(x).unwrap());
    let params: Vec<f32> = graph.init(1);
    let found = with_scaled_logits(&Model::new(graph, params).unwrap(), 2.0);
    assert!(matches!(found, Err(MetricsError::LastLayer { .. })), "{found:?}");
}
