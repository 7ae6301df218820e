//! Pooling of images with a border.

use super::agreement::assert_close;
use super::derivatives::{self, BATCHES, rows};
use super::{draw, naive};
use minima_autodiff::{
    AutodiffError, Conv2dSpec, Graph, GraphBuilder, LayerOperation, Padding, PoolSpec, Pooling, Value,
};
use ndarray::{Array2, array};

type Pool = fn(&mut GraphBuilder, Value, PoolSpec) -> Result<Value, AutodiffError>;

/// Image shapes and windows.
fn cases() -> Vec<([usize; 3], PoolSpec)> {
    let border = |low, high| Padding::Explicit { low, high };
    let one = border([1, 1], [1, 1]);
    vec![
        ([7, 5, 2], PoolSpec::new([3, 3], [2, 2]).with_padding(one)),
        ([6, 8, 1], PoolSpec::new([3, 3], [2, 2]).with_padding(one)),
        ([6, 7, 3], PoolSpec::new([3, 3], [1, 1]).with_padding(Padding::Same)),
        ([5, 6, 2], PoolSpec::new([2, 3], [2, 2]).with_padding(Padding::Same)),
        ([4, 6, 5], PoolSpec::new([2, 2], [2, 2]).with_padding(Padding::Same)),
        ([1, 1, 1], PoolSpec::new([3, 3], [1, 1]).with_padding(one)),
        ([2, 3, 4], PoolSpec::new([5, 4], [1, 2]).with_padding(border([2, 1], [2, 3]))),
        ([5, 4, 2], PoolSpec::new([3, 2], [3, 1]).with_padding(border([0, 1], [2, 0]))),
        // Shifted by a border on one side only, with as many windows as fit without it.
        ([4, 6, 1], PoolSpec::new([2, 3], [2, 3]).with_padding(border([1, 2], [0, 0]))),
        // A border that no window reaches.
        ([4, 4, 2], PoolSpec::new([2, 2], [2, 2]).with_padding(border([0, 0], [1, 1]))),
    ]
}

/// A pooling with its value of the border, which is left out if it is `None`, and its function of a window's entries.
struct Kind {
    name: &'static str,
    pool: Pool,
    excluding: bool,
    border: Option<f64>,
    of: fn(&[f64]) -> f64,
}

fn kinds() -> [Kind; 4] {
    let kind = |name, pool, excluding, border, of| Kind { name, pool, excluding, border, of };
    [
        kind("avg with border", GraphBuilder::avg_pool2d_padded as Pool, false, Some(0.0), naive::mean as _),
        kind("avg without border", GraphBuilder::avg_pool2d_padded, true, None, naive::mean),
        kind("max", GraphBuilder::max_pool2d_padded, false, None, naive::max),
        kind("max, excluding", GraphBuilder::max_pool2d_padded, true, None, naive::max),
    ]
}

fn alone(input: [usize; 3], pool: Pool, spec: PoolSpec) -> Graph {
    let mut g = GraphBuilder::new(&input);
    let x = g.input();
    let y = pool(&mut g, x, spec).unwrap();
    let y = g.flatten(y);
    g.finish(y).unwrap()
}

/// A convolution before the pooling and a dense layer after it, with and without a rectifier between.
fn between_layers(input: [usize; 3], pool: Pool, spec: PoolSpec, rectified: bool) -> Graph {
    let mut g = GraphBuilder::new(&input);
    let y = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(3, 3)).unwrap();
    let y = if rectified { g.relu(y) } else { y };
    let y = pool(&mut g, y, spec).unwrap();
    let y = g.flatten(y);
    let y = g.dense(y, "Dense_0", 3).unwrap();
    g.finish(y).unwrap()
}

#[test]
fn forward_is_the_direct_loop() {
    for Kind { name, pool, excluding, border, of } in kinds() {
        for (input, spec) in cases() {
            let spec = if excluding { spec.excluding_padding() } else { spec };
            let graph = alone(input, pool, spec);
            // Below zero, so that a maximum that counts the border differs.
            let images = draw::matrix(2, (33, graph.features())) - 3.0;
            let mut expected = Array2::zeros((33, graph.classes()));
            for (mut y, x) in expected.outer_iter_mut().zip(images.outer_iter()) {
                let x = x.into_shape_with_order(input).unwrap();
                y.assign(&naive::pool2d(x, &spec, border, of).into_flat());
            }
            for size in BATCHES {
                let found = graph.logits(&[], rows(&images, size).view()).unwrap();
                // At most twenty terms, and one product with a rounded fraction.
                assert_close(&format!("{name} {input:?} {spec:?}"), &found, &rows(&expected, size), 1e-14);
            }
        }
    }
}

#[test]
fn derivatives_are_those_of_the_forward_map() {
    for Kind { name, pool, excluding, .. } in kinds() {
        for (input, spec) in cases() {
            let spec = if excluding { spec.excluding_padding() } else { spec };
            let what = format!("{name} {input:?} {spec:?}");
            let graph = alone(input, pool, spec);
            let images = draw::apart(3, (33, graph.features()));
            derivatives::check(&what, &graph, &[], &images);
            for rectified in [false, true] {
                let graph = between_layers(input, pool, spec, rectified);
                derivatives::check(&what, &graph, &draw::params(&graph, 4), &images);
            }
        }
    }
}

#[test]
fn a_cotangent_is_added_to_other_readers() {
    for Kind { name, pool, excluding, .. } in kinds() {
        let spec = PoolSpec::new([3, 3], [1, 1]).with_padding(Padding::Same);
        let spec = if excluding { spec.excluding_padding() } else { spec };
        let mut g = GraphBuilder::new(&[4, 5, 2]);
        let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(2, 3)).unwrap();
        let y = pool(&mut g, x, spec).unwrap();
        let y = g.add(x, y).unwrap();
        let y = g.flatten(y);
        let y = g.dense(y, "Dense_0", 3).unwrap();
        let graph = g.finish(y).unwrap();
        let images = draw::apart(3, (33, graph.features()));
        derivatives::check(name, &graph, &draw::params(&graph, 4), &images);
    }
}

#[test]
fn a_mean_counts_the_border_or_not() {
    let spec = PoolSpec::new([1, 3], [1, 2]).with_padding(Padding::Explicit { low: [0, 1], high: [0, 1] });
    let images = array![[6.0, 12.0, 18.0]];
    let mean = |spec| alone([1, 3, 1], GraphBuilder::avg_pool2d_padded, spec).logits(&[], images.view()).unwrap();
    let third = 1.0 / 3.0;
    assert_eq!(mean(spec), array![[18.0 * third, 30.0 * third]]);
    assert_eq!(mean(spec.excluding_padding()), array![[9.0, 15.0]]);
}

#[test]
fn the_description_holds_the_border() {
    let padding = Padding::Explicit { low: [1, 0], high: [0, 1] };
    let spec = PoolSpec::new([3, 2], [2, 1]).with_padding(padding).excluding_padding();
    let layers = alone([5, 4, 2], GraphBuilder::avg_pool2d_padded, spec).layers();
    let expected = Pooling { size: [3, 2], stride: [2, 1], padding, count_padding: false, input: [5, 4, 2] };
    assert_eq!(layers[0].operation, LayerOperation::AvgPool2d(expected));
}
