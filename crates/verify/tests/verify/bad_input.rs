//! Bad networks, sets and specifications give errors that name what was found.

use minima_autodiff::{Activation, GraphBuilder};
use minima_verify::{Bounds, InputSet, LinearConstraint, Method, Program, Specification, VerifyError};

fn small() -> (minima_autodiff::Graph, Vec<f32>) {
    let mut g = GraphBuilder::new(&[2]);
    let x = g.input();
    let x = g.dense(x, "Dense_0", 3).unwrap();
    let x = g.relu(x);
    let x = g.dense(x, "Dense_1", 2).unwrap();
    let graph = g.finish(x).unwrap();
    let params = graph.init(1);
    (graph, params)
}

#[test]
fn weights_that_are_no_numbers() {
    let (graph, params) = small();
    for bad in [f32::NAN, f32::INFINITY] {
        let mut params = params.clone();
        params[12] = bad;
        let found = Program::new(&graph, &params).unwrap_err();
        assert!(matches!(&found, VerifyError::Parameter { layer, index: 3, .. } if layer == "Dense_1"), "{found}");
    }
    assert!(matches!(Program::new(&graph, &params[1..]), Err(VerifyError::Length { .. })));
}

#[test]
fn operations_without_bounds_are_named() {
    // Numbers that are infinite in `f32`, and a factor whose inverse is.
    let named = |graph: &minima_autodiff::Graph, name: &str| {
        let params: Vec<f32> = graph.init(1);
        let found = Program::new(graph, &params).unwrap_err();
        assert!(matches!(&found, VerifyError::Operation { operation, .. } if operation == name), "{found}");
    };
    for (function, name) in [
        (Activation::Elu { alpha: 1e39 }, "ELU"),
        (Activation::LeakyRelu { slope: -1e39 }, "leaky ReLU"),
        (Activation::Clip { low: f64::NEG_INFINITY, high: 1.0 }, "clip"),
    ] {
        let mut g = GraphBuilder::new(&[2]);
        let x = g.input();
        let x = g.dense(x, "Dense_0", 3).unwrap();
        let x = g.activation(x, function);
        let x = g.dense(x, "Dense_1", 2).unwrap();
        named(&g.finish(x).unwrap(), name);
    }
    let mut g = GraphBuilder::new(&[2, 2]);
    let x = g.input();
    let x = g.matmul(x, x, 1e-44).unwrap();
    let x = g.flatten(x);
    let x = g.dense(x, "Dense_0", 2).unwrap();
    named(&g.finish(x).unwrap(), "matrix product");
}

#[test]
fn sets_that_are_empty_or_unbounded() {
    let nan = f32::NAN;
    assert!(matches!(InputSet::linf(&[0.5], -0.1), Err(VerifyError::Radius { .. })));
    assert!(matches!(InputSet::linf(&[0.5], f64::NAN), Err(VerifyError::Radius { .. })));
    assert!(matches!(InputSet::l2(&[0.5], f64::INFINITY), Err(VerifyError::Radius { .. })));
    assert!(matches!(InputSet::linf(&[0.5, nan], 0.1), Err(VerifyError::InputSet { index: 1, .. })));
    assert!(matches!(InputSet::linf(&[1.5], 0.1), Err(VerifyError::InputSet { index: 0, .. })));
    assert!(matches!(InputSet::between(&[0.0, 1.0], &[1.0, 0.0]), Err(VerifyError::InputSet { index: 1, .. })));
    assert!(matches!(InputSet::between(&[f32::NEG_INFINITY], &[1.0]), Err(VerifyError::InputSet { index: 0, .. })));
    assert!(matches!(InputSet::between(&[nan], &[1.0]), Err(VerifyError::InputSet { .. })));
    assert!(matches!(InputSet::between(&[0.0], &[]), Err(VerifyError::Length { .. })));
    assert!(matches!(InputSet::around(&[2.0], &[0.0], &[1.0]), Err(VerifyError::InputSet { .. })));
    assert!(InputSet::around(&[1.0], &[0.0], &[1.0]).is_ok());
}

#[test]
fn sizes_and_labels_must_fit() {
    let (graph, params) = small();
    let program = Program::new(&graph, &params).unwrap();
    let input = InputSet::linf(&[0.5; 3], 0.1).unwrap();
    assert!(matches!(Bounds::new(&program, &input, Method::Crown), Err(VerifyError::Length { .. })));
    assert!(matches!(Specification::classification(2, 2), Err(VerifyError::Label { .. })));
    assert!(matches!(Specification::classification(1, 0), Err(VerifyError::Label { .. })));
    let constraint = |bound| LinearConstraint { coefficients: vec![1.0, 0.0], bound };
    assert!(matches!(
        Specification::unsafe_outputs(2, vec![vec![constraint(f64::NAN)]]),
        Err(VerifyError::Constraint { .. })
    ));
    assert!(matches!(Specification::unsafe_outputs(2, vec![vec![]]), Err(VerifyError::Constraint { .. })));
    assert!(matches!(Specification::unsafe_outputs(3, vec![vec![constraint(0.0)]]), Err(VerifyError::Length { .. })));
}
