//! Networks on which `f32` and real arithmetic disagree (Jia & Rinard, "Exploiting verified neural networks via floating
//! point numerical error", 2021).

use minima_autodiff::{Graph, GraphBuilder};
use minima_verify::{Bounds, InputSet, Method, Program, Rounding, Specification, Verdict, VerifyOptions, verify};

/// The difference of the logits is `relu(x + 2²⁵) − 2²⁵ − 0.3`: in `f32`, the sum forgets x.
fn forgetful() -> (Graph, Vec<f32>) {
    let mut g = GraphBuilder::new(&[1]);
    let x = g.input();
    let x = g.dense(x, "Dense_0", 1).unwrap();
    let x = g.relu(x);
    let x = g.dense(x, "Dense_1", 1).unwrap();
    let x = g.relu(x);
    let x = g.dense(x, "Dense_2", 2).unwrap();
    let graph = g.finish(x).unwrap();
    let large = 33_554_432.0;
    // Each layer: bias, kernel.
    let params = vec![large, 1.0, -large, 1.0, -0.3, 0.0, 1.0, 0.0];
    (graph, params)
}

#[test]
fn a_naive_bound_proves_what_is_false() {
    let (graph, params) = forgetful();
    let program = Program::new(&graph, &params).unwrap();
    let input = InputSet::between(&[0.5], &[0.6]).unwrap();
    let specification = Specification::classification(2, 0).unwrap();
    // In real arithmetic the margin is 0.2 to 0.3.
    let naive = Bounds::with_rounding(&program, &input, Method::Crown, Rounding::Ignored).unwrap();
    let sound = Bounds::new(&program, &input, Method::Crown).unwrap();
    let (naive, sound) = (naive.margins(&specification).unwrap(), sound.margins(&specification).unwrap());
    assert!(naive[0][0] > 0.19, "{naive:?}");
    assert!(sound[0][0] <= -0.3, "{sound:?}");
    let report = verify(&program, &input, &specification, &VerifyOptions::default()).unwrap();
    assert!(matches!(report.verdict, Verdict::Falsified { .. }), "{report:?}");
}

#[test]
fn ties_are_not_robust() {
    let mut g = GraphBuilder::new(&[1]);
    let x = g.input();
    let x = g.dense(x, "Dense_0", 2).unwrap();
    let graph = g.finish(x).unwrap();
    let program = Program::new(&graph, &[0.0, 0.0, 1.0, 1.0]).unwrap();
    let input = InputSet::linf(&[0.5], 0.0).unwrap();
    for label in 0..2 {
        let specification = Specification::classification(2, label).unwrap();
        let report = verify(&program, &input, &specification, &VerifyOptions::default()).unwrap();
        assert!(matches!(report.verdict, Verdict::Falsified { .. }));
    }
}

#[test]
fn overflow_proves_nothing() {
    let mut g = GraphBuilder::new(&[1]);
    let x = g.input();
    let mut x = g.dense(x, "Dense_0", 1).unwrap();
    for k in 1..4 {
        x = g.relu(x);
        x = g.dense(x, &format!("Dense_{k}"), if k == 3 { 2 } else { 1 }).unwrap();
    }
    let graph = g.finish(x).unwrap();
    // The logits are x · 10⁹⁰ and −1: beyond `f32`.
    let program = Program::new(&graph, &[0.0, 1e30, 0.0, 1e30, 0.0, 1e30, 0.0, -1.0, 1.0, 0.0]).unwrap();
    let input = InputSet::linf(&[0.5], 0.5).unwrap();
    let specification = Specification::classification(2, 0).unwrap();
    let bounds = Bounds::new(&program, &input, Method::Crown).unwrap();
    let margin = bounds.margins(&specification).unwrap()[0][0];
    assert!(margin.is_nan() || margin <= 0.0, "{margin}");
}
