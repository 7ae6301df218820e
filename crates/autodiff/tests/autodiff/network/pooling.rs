//! Average and max pooling, with windows that overlap, that leave gaps, and that do not reach the last rows.

use super::agreement::assert_close;
use super::derivatives::{self, BATCHES, rows};
use super::{draw, naive};
use minima_autodiff::{AutodiffError, Conv2dSpec, Graph, GraphBuilder, PoolSpec, Value};
use ndarray::{Array2, array};

type Pool = fn(&mut GraphBuilder, Value, [usize; 2], [usize; 2]) -> Result<Value, AutodiffError>;

type OfWindow = fn(&[f64]) -> f64;

/// Each pooling with its function of a window's entries.
const POOLS: [(&str, Pool, OfWindow); 2] =
    [("avg", GraphBuilder::avg_pool2d, naive::mean), ("max", GraphBuilder::max_pool2d, naive::max)];

/// Image shapes, windows and strides.
const CASES: [([usize; 3], [usize; 2], [usize; 2]); 7] = [
    ([6, 4, 3], [2, 2], [2, 2]),
    ([7, 5, 3], [2, 2], [2, 2]),
    ([5, 6, 1], [3, 3], [1, 1]),
    ([7, 6, 2], [3, 2], [2, 1]),
    ([8, 5, 5], [2, 2], [3, 3]),
    ([5, 5, 4], [1, 1], [2, 2]),
    ([4, 3, 2], [4, 3], [1, 1]),
];

#[test]
fn forward_is_the_direct_loop() {
    for (name, pool, of) in POOLS {
        for (input, window, stride) in CASES {
            let mut g = GraphBuilder::new(&input);
            let x = g.input();
            let y = pool(&mut g, x, window, stride).unwrap();
            let y = g.flatten(y);
            let graph = g.finish(y).unwrap();
            let images = draw::matrix(2, (33, graph.features()));
            let mut expected = Array2::zeros((33, graph.classes()));
            for (mut y, x) in expected.outer_iter_mut().zip(images.outer_iter()) {
                let x = x.into_shape_with_order(input).unwrap();
                y.assign(&naive::pool2d(x, &PoolSpec::new(window, stride), None, of).into_flat());
            }
            for size in BATCHES {
                let found = graph.logits(&[], rows(&images, size).view()).unwrap();
                // At most twelve terms, and one product with the rounded 1/area.
                assert_close(&format!("{name} {input:?} {window:?} {stride:?}"), &found, &rows(&expected, size), 1e-14);
            }
        }
    }
}

#[test]
fn derivatives_are_those_of_the_forward_map() {
    for (name, pool, _) in POOLS {
        for (input, window, stride) in CASES {
            let what = format!("{name} {input:?} {window:?} {stride:?}");
            let mut g = GraphBuilder::new(&input);
            let x = g.input();
            let y = pool(&mut g, x, window, stride).unwrap();
            let y = g.flatten(y);
            let graph = g.finish(y).unwrap();
            let images = draw::apart(3, (33, graph.features()));
            derivatives::check(&what, &graph, &[], &images);

            let graph = between_layers(input, |g, x| pool(g, x, window, stride).unwrap());
            derivatives::check(&format!("{what} between layers"), &graph, &draw::params(&graph, 4), &images);
        }
    }
}

/// A convolution before the pooling and a dense layer after it, so that derivatives with respect to parameters pass
/// through it.
fn between_layers(input: [usize; 3], pool: impl Fn(&mut GraphBuilder, Value) -> Value) -> Graph {
    let mut g = GraphBuilder::new(&input);
    let y = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(3, 3)).unwrap();
    let y = pool(&mut g, y);
    let y = g.flatten(y);
    let y = g.dense(y, "Dense_0", 3).unwrap();
    g.finish(y).unwrap()
}

#[test]
fn of_equal_entries_the_first_takes_the_cotangent() {
    let mut g = GraphBuilder::new(&[2, 4, 1]);
    let y = g.max_pool2d(g.input(), [2, 2], [2, 2]).unwrap();
    let y = g.flatten(y);
    let graph = g.finish(y).unwrap();
    let images = array![[5.0, 5.0, 1.0, 2.0, 5.0, 5.0, 7.0, 7.0]];
    let at = graph.linearize(&[], images.view()).unwrap();
    let cotangents = at.vjp_input(array![[1.0, 10.0]].view()).unwrap();
    assert_eq!(cotangents, array![[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 10.0, 0.0]]);
    let tangent = array![[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]];
    assert_eq!(at.jvp(None, Some(tangent.view())).unwrap(), array![[1.0, 7.0]]);
}

#[test]
fn a_nan_is_not_lost() {
    for (name, pool, _) in POOLS {
        for place in 0..4 {
            let mut g = GraphBuilder::new(&[2, 2, 1]);
            let x = g.input();
            let y = pool(&mut g, x, [2, 2], [2, 2]).unwrap();
            let y = g.flatten(y);
            let graph = g.finish(y).unwrap();
            let mut images = array![[1.0, 2.0, 3.0, 4.0]];
            images[[0, place]] = f64::NAN;
            assert!(graph.logits(&[], images.view()).unwrap()[[0, 0]].is_nan(), "{name} {place}");
        }
    }
}
