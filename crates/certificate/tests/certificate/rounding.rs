//! Networks on which `f32` and real arithmetic disagree (Jia & Rinard, "Exploiting verified neural networks via floating
//! point numerical error", 2021).

use crate::operations::plain;
use minima_autodiff::{Graph, GraphBuilder};
use minima_certificate::{CertificateError, Checker, Property};

/// Dense layers of widths 1, 1 and 2 with ReLUs between them.
fn layers() -> Graph {
    let mut g = GraphBuilder::new(&[1]);
    let x = g.dense(g.input(), "Dense_0", 1).unwrap();
    let x = g.relu(x);
    let x = g.dense(x, "Dense_1", 1).unwrap();
    let x = g.relu(x);
    let x = g.dense(x, "Dense_2", 2).unwrap();
    g.finish(x).unwrap()
}

#[test]
fn a_network_that_forgets_its_input_is_refused() {
    let graph = layers();
    let image = [0.55];
    let check = |large: f32| {
        // The difference of the logits is `relu(x + large) − large − 0.3`, each layer: bias, kernel.
        let params = [large, 1.0, -large, 1.0, -0.3, 0.0, 1.0, 0.0];
        let certificate = plain(&params, &image, 0.05, Property::Label(0), 1);
        Checker::new(&graph, &params).unwrap().check(&certificate, &image)
    };
    // In real arithmetic, the margin is 0.2 or more for both. In `f32`, 2²⁵ + x = 2²⁵.
    assert!(check(1.0).unwrap().bound > 0.19);
    match check(33_554_432.0) {
        Err(CertificateError::Bound { bound, .. }) => assert!(bound <= -0.3, "{bound}"),
        other => panic!("found {other:?}"),
    }
}

#[test]
fn overflow_and_nan_are_refused() {
    let graph = layers();
    let image = [0.55];
    let with = |params: [f32; 8]| -> Result<f64, CertificateError> {
        let certificate = plain(&params, &image, 0.05, Property::Label(0), 1);
        Ok(Checker::new(&graph, &params)?.check(&certificate, &image)?.bound)
    };
    let found = with([1e38, 1e38, 0.0, 1e38, 0.0, 0.0, 1.0, 0.0]);
    assert!(matches!(found, Err(CertificateError::Overflow { ref layer, .. }) if layer == "Dense_1"), "{found:?}");
    let found = with([f32::NAN, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0]);
    assert!(matches!(found, Err(CertificateError::Parameter { index: 0, .. })), "{found:?}");
}

#[test]
fn ties_are_not_robust() {
    let mut g = GraphBuilder::new(&[1]);
    let x = g.dense(g.input(), "Dense_0", 2).unwrap();
    let graph = g.finish(x).unwrap();
    let params = [0.0, 0.0, 1.0, 1.0];
    let certificate = plain(&params, &[0.5], 0.0, Property::Label(0), 1);
    let found = Checker::new(&graph, &params).unwrap().check(&certificate, &[0.5]);
    assert!(matches!(found, Err(CertificateError::Bound { .. })), "{found:?}");
}
