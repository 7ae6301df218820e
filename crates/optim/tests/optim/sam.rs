//! Sharpness-aware steps compared with logistic regression by hand.

use minima_autodiff::{Graph, GraphBuilder};
use minima_optim::{Adam, Batch, OptimError, Optimizer, Sam, Sgd};
use ndarray::{Array2, array};

/// Two classes in the plane.
fn network() -> Graph {
    let mut g = GraphBuilder::new(&[2]);
    let y = g.dense(g.input(), "Dense_0", 2).unwrap();
    g.finish(y).unwrap()
}

const LABELS: [usize; 3] = [0, 1, 1];

fn points() -> Array2<f64> {
    array![[0.3, -1.0], [1.0, 0.4], [-0.2, 0.9]]
}

/// The gradient of the mean loss with parameters (b₀, b₁, w₀₀, w₀₁, w₁₀, w₁₁). With two classes, the second class's
/// probability is the logistic function of the difference of the logits.
fn gradient(p: &[f64]) -> Vec<f64> {
    let mut g = vec![0.0; 6];
    for (x, label) in points().outer_iter().zip(LABELS) {
        let logit = |c: usize| p[c] + x[0] * p[2 + c] + x[1] * p[4 + c];
        let second = 1.0 / (1.0 + (logit(0) - logit(1)).exp());
        let r = (second - label as f64) / 3.0;
        for (input, g) in [1.0, x[0], x[1]].into_iter().zip(g.chunks_exact_mut(2)) {
            g[0] -= r * input;
            g[1] += r * input;
        }
    }
    g
}

fn step(optimizer: &mut dyn Optimizer<f64>, params: &mut Vec<f64>) -> f64 {
    let points = points();
    let batch = Batch::new(points.view(), &LABELS).unwrap();
    optimizer.step(&network(), params, &batch).unwrap().loss
}

#[test]
fn steps_are_those_of_logistic_regression_by_hand() {
    let (rate, rho) = (0.4, 0.3);
    for adaptive in [false, true] {
        let sam = Sam::new(Sgd::new(rate).with_momentum(0.5), rho);
        let mut sam = if adaptive { sam.with_adaptive() } else { sam };
        let mut params: Vec<f64> = network().init(8);
        params[0] = 0.2;
        let (mut expected, mut velocity) = (params.clone(), vec![0.0; 6]);
        for _ in 0..3 {
            let g = gradient(&expected);
            let size = |p: f64| if adaptive { p.abs() } else { 1.0 };
            let norm = expected.iter().zip(&g).map(|(&p, g)| (size(p) * g).powi(2)).sum::<f64>().sqrt();
            let high: Vec<f64> = expected.iter().zip(&g).map(|(&p, g)| p + rho * size(p).powi(2) * g / norm).collect();
            for ((p, v), g) in expected.iter_mut().zip(&mut velocity).zip(gradient(&high)) {
                *v = 0.5 * *v + g;
                *p -= rate * *v;
            }
            step(&mut sam, &mut params);
            assert!(params.iter().zip(&expected).all(|(p, e)| (p - e).abs() < 1e-14), "{params:?} {expected:?}");
        }
    }
}

#[test]
fn without_a_radius_it_is_the_base() {
    let start: Vec<f64> = network().init(8);
    let (mut alone, mut wrapped) = (start.clone(), start);
    let (mut adam, mut sam) = (Adam::new(0.1), Sam::new(Adam::new(0.1), 0.0));
    for _ in 0..5 {
        // The report is the one at θ, before any change.
        assert_eq!(step(&mut adam, &mut alone), step(&mut sam, &mut wrapped));
        assert_eq!(alone, wrapped);
    }
}

#[test]
fn a_zero_gradient_moves_nothing() {
    // Equal images with both labels, at equal logits.
    let points = array![[0.5, 1.0], [0.5, 1.0]];
    let batch = Batch::new(points.view(), &[0, 1]).unwrap();
    let mut params = vec![0.0; 6];
    for mut sam in [Sam::new(Sgd::new(1.0), 0.5), Sam::new(Sgd::new(1.0), 0.5).with_adaptive()] {
        sam.step(&network(), &mut params, &batch).unwrap();
        assert_eq!(params, [0.0; 6]);
    }
}

#[test]
fn a_radius_that_is_none_is_refused() {
    let points = points();
    let batch = Batch::new(points.view(), &LABELS).unwrap();
    let start: Vec<f64> = network().init(8);
    for rho in [-0.1, f64::NAN, f64::INFINITY] {
        let mut params = start.clone();
        let error = Sam::new(Sgd::new(1.0), rho).step(&network(), &mut params, &batch).unwrap_err();
        assert!(matches!(error, OptimError::Option { option: "rho", .. }), "{error}");
        assert_eq!(params, start);
    }
}

#[test]
fn errors_leave_the_parameters() {
    let points = points();
    let batch = Batch::new(points.view(), &[0, 1, 2]).unwrap();
    let start: Vec<f64> = network().init(8);
    let mut params = start.clone();
    assert!(Sam::new(Sgd::new(1.0), 0.5).step(&network(), &mut params, &batch).is_err());
    assert_eq!(params, start);
}
