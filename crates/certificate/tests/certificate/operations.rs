//! The checker reads every operation as the network computes it: at radius 0, bounds are within a rounding of the outputs.

use crate::random::{Random, network};
use minima_autodiff::{Activation, Graph, GraphBuilder, PoolSpec};
use minima_certificate::{
    Certificate, CertificateError, Checker, Inequality, Norm, Part, Property, Step, Target, sha256,
};
use ndarray::Array2;

/// A certificate without a search: one pass for each target.
pub(crate) fn plain(params: &[f32], image: &[f32], radius: f64, property: Property, targets: u32) -> Certificate {
    let tree = || vec![Step::Leaf { slopes: None, multipliers: Vec::new() }];
    Certificate {
        weights: sha256(params),
        image: sha256(image),
        number: 0,
        norm: Norm::Linf,
        radius,
        property,
        maxima: vec![],
        parts: vec![Part {
            targets: (0..targets)
                .map(|target| Target { target, inequality: 0, weights: vec![], tree: tree() })
                .collect(),
            ..Part::default()
        }],
    }
}

/// Each output lies within `tolerance` of the computed one, times the largest output or 1. The checker cannot tell it from the
/// computed one.
fn compare(graph: &Graph, params: &[f32], random: &mut Random, tolerance: f64) {
    let image: Vec<f32> = (0..graph.features()).map(|_| random.unit()).collect();
    let point = Array2::from_shape_vec((1, image.len()), image.clone()).unwrap();
    let outputs = graph.logits(params, point.view()).unwrap();
    let checker = Checker::new(graph, params).unwrap();
    // The targets: an output is too small, or too large.
    let property = |by: f64| {
        let target = |class: usize, sign: f64, y: f32| {
            let mut coefficients = vec![0.0; outputs.ncols()];
            coefficients[class] = sign;
            vec![Inequality { coefficients, bound: sign * f64::from(y) - by }]
        };
        let both = |(class, &y): (usize, &f32)| [target(class, 1.0, y), target(class, -1.0, y)];
        Property::Unsafe(outputs.row(0).iter().enumerate().flat_map(both).collect())
    };
    let tolerance = tolerance * outputs.iter().fold(1.0, |most: f64, y| most.max(f64::from(y.abs())));
    let count = 2 * outputs.ncols() as u32;
    let check = |by: f64| checker.check(&plain(params, &image, 0.0, property(by), count), &image);
    check(tolerance).unwrap();
    assert!(matches!(check(0.0), Err(CertificateError::Bound { .. })));
}

#[test]
fn random_networks_agree() {
    for seed in 0..200 {
        let random = &mut Random(1_000 + seed);
        let (graph, params) = network(random);
        compare(&graph, &params, random, 1e-3);
    }
}

#[test]
fn other_operations_agree() {
    let random = &mut Random(7);
    let mut g = GraphBuilder::new(&[4, 6, 3]);
    let x = g.input();
    let turned = g.transpose(x, &[2, 0, 1]).unwrap();
    let sliced = g.slice(x, 1, 1..4).unwrap();
    let turned = g.mean(turned, &[1]).unwrap();
    let sliced = g.sum(sliced, &[0, 2]).unwrap();
    let pooled = g.avg_pool2d_padded(x, PoolSpec::new([3, 2], [2, 2]).excluding_padding()).unwrap();
    let parts = [g.flatten(turned), g.flatten(sliced), g.flatten(pooled)];
    let x = g.concat(&parts, 0).unwrap();
    let x = g.dense(x, "Dense_0", 7).unwrap();
    let x = g.activation(x, Activation::LeakyRelu { slope: 0.3 });
    let x = g.dense(x, "Dense_1", 4).unwrap();
    let graph = g.finish(x).unwrap();
    let params: Vec<f32> = (0..graph.parameter_count()).map(|_| 2.0 * random.unit() - 1.0).collect();
    compare(&graph, &params, random, 1e-3);
}

#[test]
fn an_unknown_operation_is_refused_by_name() {
    let mut g = GraphBuilder::new(&[4]);
    let x = g.dense(g.input(), "Dense_0", 3).unwrap();
    let x = g.activation(x, Activation::Gelu);
    let x = g.dense(x, "Dense_1", 2).unwrap();
    let graph = g.finish(x).unwrap();
    let params = vec![0.1; graph.parameter_count()];
    let error = Checker::new(&graph, &params).unwrap_err();
    assert!(error.to_string().contains("GELU"), "{error}");
}
