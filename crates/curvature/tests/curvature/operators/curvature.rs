//! Jacobian, Gauss-Newton matrices and Hessian.

use super::naive;
use super::problem::{IMAGES, Problem, ROUNDING, apart, assert_is, problems};
use minima_curvature::{Ggn, GgnVariant, Hessian, Jacobian, LinearOperator};
use ndarray::Array2;

/// The matrix of a variant, with every entry of the loss's curvature in the logits written explicitly.
fn ggn(problem: &Problem, variant: GgnVariant) -> Array2<f64> {
    let (jacobian, p) = (problem.jacobian(), problem.probabilities());
    let classes = p.ncols();
    let flat = |row: usize| p[[row / classes, row % classes]];
    let order = jacobian.nrows();
    let curvature = Array2::from_shape_fn((order, order), |(a, b)| {
        let coupled = variant == GgnVariant::Coupled || a / classes == b / classes;
        let entry = if a == b { flat(a) } else { 0.0 } - if coupled { flat(a) * flat(b) } else { 0.0 };
        if variant == GgnVariant::Mean { entry / IMAGES as f64 } else { entry }
    });
    jacobian.t().dot(&curvature).dot(&jacobian)
}

const VARIANTS: [GgnVariant; 3] = [GgnVariant::Mean, GgnVariant::Sum, GgnVariant::Coupled];

#[test]
fn the_jacobian_and_its_transpose() {
    for problem in problems() {
        let (expected, objective) = (problem.jacobian(), problem.objective());
        let jacobian = Jacobian::new(&objective);
        assert_is("J", &jacobian, &expected, ROUNDING);
        assert_is("Jᵀ", &jacobian.transposed(), &expected.reversed_axes(), ROUNDING);
        let in_batches = problem.in_batches(8);
        assert_is("J in batches", &Jacobian::new(&in_batches), &problem.jacobian(), ROUNDING);
        let transposed = Jacobian::new(&in_batches).transposed();
        assert_is("Jᵀ in batches", &transposed, &problem.jacobian().reversed_axes(), ROUNDING);
    }
}

#[test]
fn gauss_newton_matrices_and_their_diagonals() {
    for problem in problems() {
        for variant in VARIANTS {
            let expected = ggn(&problem, variant);
            for objective in [problem.objective(), problem.in_batches(8)] {
                let ggn = Ggn::new(&objective, variant).unwrap();
                assert_is(&format!("{variant:?}"), &ggn, &expected, ROUNDING);
                let diagonal = ggn.diagonal().unwrap();
                let expected = Array2::from_diag(&expected.diag());
                assert_is(&format!("{variant:?}, diagonal"), &diagonal, &expected, ROUNDING);
            }
        }
    }
}

#[test]
fn the_hessian() {
    for problem in problems() {
        let Problem { graph, params, images, labels } = &problem;
        let expected = naive::hessian(graph, params, images, labels);
        // Far from the Gauss-Newton matrix: neither can be mistaken for the other.
        assert!(apart(ggn(&problem, GgnVariant::Mean).view(), expected.view()) > 0.1);
        for objective in [problem.objective(), problem.in_batches(8)] {
            assert_is("Hessian", &Hessian::new(&objective), &expected, ROUNDING);
        }
    }
}

#[test]
fn all_are_symmetric() {
    for problem in problems() {
        let objective = problem.objective();
        let hessian = Hessian::new(&objective).to_dense().unwrap();
        assert!(apart(hessian.t(), hessian.view()) < ROUNDING);
        for variant in VARIANTS {
            let ggn = Ggn::new(&objective, variant).unwrap().to_dense().unwrap();
            assert!(apart(ggn.t(), ggn.view()) < ROUNDING, "{variant:?}");
        }
    }
}

#[test]
fn hessian_and_gauss_newton_differ_by_the_residuals_alone() {
    // One dense layer: its logits are linear in the parameters, and the two matrices are equal.
    let mut g = minima_autodiff::GraphBuilder::new(&[5]);
    let y = g.dense(g.input(), "Dense_0", 3).unwrap();
    let graph = g.finish(y).unwrap();
    let [mut problem, _] = problems();
    problem.params = super::problem::normal(5, graph.parameter_count());
    problem.images = super::problem::matrix(6, IMAGES, 5);
    problem.graph = graph;
    let objective = problem.objective();
    let ggn = Ggn::new(&objective, GgnVariant::Mean).unwrap().to_dense().unwrap();
    assert_is("Hessian of a linear network", &Hessian::new(&objective), &ggn, ROUNDING);
}
