//! Smooth and leaky functions of every number.

use super::activation_values::SMOOTH;
use super::agreement::assert_close;
use super::{derivatives, draw};
use minima_autodiff::{Activation, Graph, GraphBuilder, LayerOperation, Scalar, Structure};
use ndarray::array;

const ELU: Activation = Activation::Elu { alpha: 0.7 };
const CLIP: Activation = Activation::Clip { low: -0.25, high: 0.5 };
const LEAKY: Activation = Activation::LeakyRelu { slope: 0.1 };

/// The limits of a function and of its first two derivatives at −∞ and at +∞.
const LIMITS: [(Activation, [f64; 3], [f64; 3]); 10] = [
    (LEAKY, [f64::NEG_INFINITY, 0.1, 0.0], [f64::INFINITY, 1.0, 0.0]),
    (Activation::LeakyRelu { slope: 0.0 }, [0.0, 0.0, 0.0], [f64::INFINITY, 1.0, 0.0]),
    (ELU, [-0.7, 0.0, 0.0], [f64::INFINITY, 1.0, 0.0]),
    (Activation::Gelu, [0.0, 0.0, 0.0], [f64::INFINITY, 1.0, 0.0]),
    (Activation::GeluTanh, [0.0, 0.0, 0.0], [f64::INFINITY, 1.0, 0.0]),
    (Activation::Silu, [0.0, 0.0, 0.0], [f64::INFINITY, 1.0, 0.0]),
    (Activation::Tanh, [-1.0, 0.0, 0.0], [1.0, 0.0, 0.0]),
    (Activation::Sigmoid, [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]),
    (Activation::Softplus, [0.0, 0.0, 0.0], [f64::INFINITY, 1.0, 0.0]),
    (CLIP, [-0.25, 0.0, 0.0], [0.5, 0.0, 0.0]),
];

fn all<T: Scalar>(function: Activation, x: T) -> [T; 3] {
    [function.value(x), function.slope(x), function.curvature(x)]
}

fn alone(function: Activation, features: usize) -> Graph {
    let mut g = GraphBuilder::new(&[features]);
    let y = g.activation(g.input(), function);
    g.finish(y).unwrap()
}

#[test]
fn values_and_derivatives_are_exact_to_the_tails() {
    for (function, points) in SMOOTH {
        for &[x, expected @ ..] in points {
            let (double, single) = (all(function, x), all(function, x as f32));
            for ((found, single), expected) in double.into_iter().zip(single).zip(expected) {
                // e^(−x²/2) has a relative error of x²/2 roundings, 1e-13 at 30. Near a root it is absolute.
                let apart = (found - expected).abs();
                assert!(apart <= 1e-13 * expected.abs() + 1e-16, "{function:?} at {x}: {found} for {expected}");
                let tail = expected.abs() < 1e-10 && x.abs() > 1.0;
                let relative = apart <= 2e-13 * expected.abs();
                assert!(!tail || relative, "{function:?} at {x}: {found} for {expected}");
                let apart = (f64::from(single) - expected).abs();
                assert!(apart <= 2e-6 * expected.abs() + 2e-7, "{function:?} at {x}: {single} for {expected}");
            }
        }
    }
}

#[test]
fn elu_and_leaky_relu_are_linear_above_zero() {
    for x in [1e-9, 0.3, 7.0] {
        assert_eq!(all(ELU, x), [x, 1.0, 0.0]);
        assert_eq!(all(LEAKY, x), [x, 1.0, 0.0]);
    }
    for x in [0.0_f64, -1e-9, -0.3, -7.0] {
        assert_eq!(all(ELU, x), [0.7 * x.exp_m1(), 0.7 * x.exp(), 0.7 * x.exp()]);
        assert_eq!(all(LEAKY, x), [0.1 * x, 0.1, 0.0]);
    }
}

#[test]
fn limits_are_taken_at_infinity_and_a_nan_stays() {
    for (function, below, above) in LIMITS {
        for (x, limits) in [(f64::NEG_INFINITY, below), (f64::INFINITY, above)] {
            assert_eq!(all(function, x), limits, "{function:?} at {x}");
            let single = all(function, x as f32).map(f64::from);
            assert_eq!(single, limits.map(|y| f64::from(y as f32)), "{function:?} at {x} in single precision");
            // The largest numbers: a square of them overflows.
            let (_, slope) = (all(function, f64::MAX.copysign(x)), limits[1]);
            assert_eq!(function.slope(f64::MAX.copysign(x)), slope, "{function:?}");
            assert_eq!(function.curvature(f64::MAX.copysign(x)), 0.0, "{function:?}");
            assert_eq!(function.slope(f32::MAX.copysign(x as f32)), slope as f32, "{function:?}");
            assert_eq!(function.curvature(f32::MAX.copysign(x as f32)), 0.0, "{function:?}");
            let finite = function.value(f64::MAX.copysign(x));
            let expected = if limits[0].is_finite() { limits[0] } else { f64::MAX.copysign(x) * slope };
            assert_eq!(finite, expected, "{function:?}");
        }
        assert!(function.value(f64::NAN).is_nan() && function.value(f32::NAN).is_nan(), "{function:?}");
        if !matches!(function, Activation::LeakyRelu { .. } | Activation::Clip { .. }) {
            assert!(function.slope(f64::NAN).is_nan() && function.curvature(f32::NAN).is_nan(), "{function:?}");
        }
    }
}

#[test]
fn networks_apply_the_function() {
    for (function, ..) in LIMITS {
        let images = draw::matrix(3, (17, 5));
        let graph = alone(function, 5);
        let expected = images.mapv(|x| function.value(x));
        assert_close(&format!("{function:?}"), &graph.logits(&[], images.view()).unwrap(), &expected, 1e-15);
        assert_eq!(graph.layers()[0].operation, LayerOperation::Activation { function, features: 5 });
        let linear = matches!(function, Activation::LeakyRelu { .. } | Activation::Clip { .. });
        assert_eq!(graph.structure(), if linear { Structure::PiecewiseLinear } else { Structure::Smooth });
    }
    let failed = alone(Activation::Gelu, 2).logits(&[], array![[f64::NAN, 1.0]].view()).unwrap();
    assert!(failed[[0, 0]].is_nan() && failed[[0, 1]] > 0.8);
}

/// The functions' third derivatives are below 3, so the differences are as exact as for polynomials.
#[test]
fn derivatives_of_every_function() {
    for (function, ..) in LIMITS {
        let images = draw::apart(2, (33, 6));
        derivatives::check(&format!("{function:?}"), &alone(function, 6), &[], &images);

        // Between layers, twice, with a value that several operations read, and with a rectifier in place.
        let mut g = GraphBuilder::new(&[6]);
        let x = g.dense(g.input(), "Dense_0", 5).unwrap();
        let y = g.activation(x, function);
        let y = g.dense(y, "Dense_1", 5).unwrap();
        let z = g.activation(x, function);
        let y = g.add(y, z).unwrap();
        let y = g.add(y, x).unwrap();
        let y = g.activation(y, function);
        let y = g.relu(y);
        let y = g.dense(y, "Dense_2", 3).unwrap();
        let graph = g.finish(y).unwrap();
        let images = draw::matrix(4, (33, 6));
        derivatives::check(&format!("{function:?} between layers"), &graph, &draw::params(&graph, 3), &images);
    }
}

#[test]
fn clipping_has_the_slopes_from_below() {
    for (x, slope) in [(-0.25_f64, 0.0), (-0.2, 1.0), (0.5, 1.0), (0.6, 0.0), (-0.3, 0.0)] {
        assert_eq!(all(CLIP, x), [x.clamp(-0.25, 0.5), slope, 0.0]);
    }
}

/// Each value is one or two roundings from the exact one, and each derivative at most four.
#[test]
fn roots_and_reciprocals_have_their_derivatives() {
    for x in [1e-6_f64, 0.3, 1.0, 7.0, 1e6] {
        let (root, inverse) = (x.sqrt(), 1.0 / x);
        let expected = [
            (Activation::Sqrt, [root, 0.5 / root, -0.25 / (x * root)]),
            (Activation::Reciprocal, [inverse, -inverse * inverse, 2.0 * inverse * inverse * inverse]),
        ];
        for (function, expected) in expected {
            for (found, expected) in all(function, x).into_iter().zip(expected) {
                assert!((found - expected).abs() <= 4.0 * f64::EPSILON * expected.abs(), "{function:?} at {x}");
            }
        }
    }
    for function in [Activation::Sqrt, Activation::Reciprocal] {
        let images = draw::matrix(2, (33, 6)).mapv(|x| 2.0 + x.abs());
        derivatives::check(&format!("{function:?}"), &alone(function, 6), &[], &images);
    }
    assert_eq!(all(Activation::Reciprocal, -2.0_f64), [-0.5, -0.25, -0.25]);
    assert!(Activation::Sqrt.value(-1.0_f64).is_nan());
}

#[test]
fn an_unknown_value_stays_unknown() {
    let mut other = GraphBuilder::new(&[4]);
    let x = other.relu(other.input());
    let mut g = GraphBuilder::new(&[4]);
    let y = g.activation(x, Activation::Tanh);
    assert!(g.shape(y).is_empty());
    assert!(g.finish(y).is_err());
}
