//! ReLU, flatten and dense layers.

use super::agreement::assert_close;
use super::derivatives::{self, BATCHES, rows};
use super::{draw, naive};
use minima_autodiff::{Conv2dSpec, GraphBuilder};
use ndarray::{Array1, Array2, Ix2, array};

#[test]
fn dense_is_an_affine_map() {
    // Feature counts that are and are not multiples of four, which take different paths.
    for (inputs, outputs) in [(1, 1), (3, 4), (5, 3), (8, 10), (13, 17)] {
        let mut g = GraphBuilder::new(&[inputs]);
        let y = g.dense(g.input(), "Dense_0", outputs).unwrap();
        let graph = g.finish(y).unwrap();
        let params = draw::params(&graph, 1);
        let images = draw::matrix(2, (33, inputs));
        let (bias, kernel) = params.split_at(outputs);
        let expected = Array2::from_shape_fn((33, outputs), |(i, o)| {
            bias[o] + (0..inputs).map(|k| images[[i, k]] * kernel[k * outputs + o]).sum::<f64>()
        });
        for size in BATCHES {
            let found = graph.logits(&params, rows(&images, size).view()).unwrap();
            // At most fourteen terms, each rounded at 1e-16.
            assert_close(&format!("{inputs} to {outputs}"), &found, &rows(&expected, size), 1e-14);
        }
        derivatives::check(&format!("dense {inputs} to {outputs}"), &graph, &params, &images);
    }
}

#[test]
fn relu_is_the_positive_part() {
    let mut g = GraphBuilder::new(&[11]);
    let y = g.relu(g.input());
    let graph = g.finish(y).unwrap();
    let images = draw::apart(2, (33, 11));
    assert_eq!(graph.logits(&[], images.view()).unwrap(), images.mapv(|x| x.max(0.0)));
    derivatives::check("relu", &graph, &[], &images);

    let mut g = GraphBuilder::new(&[11]);
    let y = g.relu(g.input());
    let y = g.dense(y, "Dense_0", 7).unwrap();
    let y = g.relu(y);
    let y = g.dense(y, "Dense_1", 5).unwrap();
    let graph = g.finish(y).unwrap();
    derivatives::check("relu between layers", &graph, &draw::params(&graph, 3), &images);
}

#[test]
fn relu_has_slope_zero_at_zero_and_keeps_a_nan() {
    let mut g = GraphBuilder::new(&[3]);
    let y = g.relu(g.input());
    let graph = g.finish(y).unwrap();
    let images = array![[0.0, -0.0, f64::NAN]];
    let at = graph.linearize(&[], images.view()).unwrap();
    assert_eq!(at.logits()[[0, 0]], 0.0);
    assert!(at.logits()[[0, 2]].is_nan());
    let ones = array![[1.0, 1.0, 1.0]];
    assert_eq!(at.vjp_input(ones.view()).unwrap()[[0, 0]], 0.0);
    assert_eq!(at.jvp(None, Some(ones.view())).unwrap()[[0, 1]], 0.0);
}

#[test]
fn flatten_runs_over_height_then_width_then_channels() {
    let (input, spec) = ([3, 4, 2], Conv2dSpec::same(5, 3));
    let mut g = GraphBuilder::new(&input);
    let y = g.conv2d(g.input(), "Conv_0", spec).unwrap();
    let y = g.flatten(y);
    let y = g.dense(y, "Dense_0", 3).unwrap();
    let graph = g.finish(y).unwrap();
    let params = draw::params(&graph, 5);
    let images = draw::matrix(6, (33, 24));
    let view = |name| graph.view(&params, name).unwrap();
    let kernel = view("Dense_0.kernel").into_dimensionality::<Ix2>().unwrap();
    for (found, x) in graph.logits(&params, images.view()).unwrap().outer_iter().zip(images.outer_iter()) {
        let x = x.into_shape_with_order(input).unwrap();
        let picture = naive::conv2d(x, &spec, view("Conv_0.kernel"), view("Conv_0.bias"));
        let expected = Array1::from_shape_fn(3, |o| {
            let mut y = view("Dense_0.bias")[[o]];
            for ((h, w, c), value) in picture.indexed_iter() {
                y += value * kernel[[(h * 4 + w) * 5 + c, o]];
            }
            y
        });
        assert_close("conv, flatten, dense", &found, &expected, 1e-14);
    }
    derivatives::check("conv, flatten, dense", &graph, &params, &images);
}
