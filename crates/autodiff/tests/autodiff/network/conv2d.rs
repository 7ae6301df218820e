//! Convolutions of many shapes.

use super::agreement::assert_close;
use super::derivatives::{self, BATCHES, rows};
use super::{draw, naive};
use minima_autodiff::{Conv2dSpec, Graph, GraphBuilder, Padding};
use ndarray::{Array2, array};

fn graph(input: [usize; 3], spec: Conv2dSpec) -> Graph {
    let mut g = GraphBuilder::new(&input);
    let y = g.conv2d(g.input(), "Conv_0", spec).unwrap();
    let y = g.flatten(y);
    g.finish(y).unwrap()
}

/// Kernels × paddings × strides × channels, on images of odd and even sizes.
fn cases() -> Vec<([usize; 3], Conv2dSpec)> {
    let mut cases = Vec::new();
    for kernel in [[1, 1], [3, 3], [2, 3], [5, 5]] {
        for padding in [Padding::Same, Padding::Valid] {
            for stride in [[1, 1], [2, 2], [2, 1]] {
                for (channels, features) in [(1, 4), (2, 3), (3, 5), (4, 9)] {
                    let [height, width] = [[7, 6], [5, 8]][cases.len() % 2];
                    cases.push((
                        [height, width, channels],
                        Conv2dSpec { features, kernel, stride, padding, ..Conv2dSpec::same(features, 1) },
                    ));
                }
            }
        }
    }
    cases
}

#[test]
fn forward_is_the_direct_loop() {
    for (input, spec) in cases() {
        let graph = graph(input, spec);
        let params = draw::params(&graph, 1);
        let images = draw::matrix(2, (33, graph.features()));
        let kernel = || graph.view(&params, "Conv_0.kernel").unwrap();
        let bias = || graph.view(&params, "Conv_0.bias").unwrap();
        let mut expected = Array2::zeros((33, graph.classes()));
        for (mut y, x) in expected.outer_iter_mut().zip(images.outer_iter()) {
            let x = x.into_shape_with_order(input).unwrap();
            let direct = naive::conv2d(x, &spec, kernel(), bias());
            y.assign(&direct.into_flat());
        }
        for size in BATCHES {
            let found = graph.logits(&params, rows(&images, size).view()).unwrap();
            // At most 101 terms per output, each rounded at 1e-16.
            assert_close(&format!("{input:?} {spec:?}"), &found, &rows(&expected, size), 1e-14);
        }
    }
}

#[test]
fn derivatives_are_those_of_the_forward_map() {
    for (input, spec) in cases() {
        let graph = graph(input, spec);
        let images = draw::matrix(2, (33, graph.features()));
        derivatives::check(&format!("{input:?} {spec:?}"), &graph, &draw::params(&graph, 1), &images);
    }
}

#[test]
fn the_odd_zero_of_same_padding_goes_below_and_to_the_right() {
    let row = |spec: Conv2dSpec, x: &[f64], kernel: &[f64]| {
        let graph = graph([1, x.len(), 1], spec);
        let params = [&[0.0], kernel].concat();
        let images = Array2::from_shape_vec((1, x.len()), x.to_vec()).unwrap();
        graph.logits(&params, images.view()).unwrap()
    };
    let same =
        |width, stride| Conv2dSpec { features: 1, kernel: [1, width], stride: [1, stride], ..Conv2dSpec::same(1, 1) };
    let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    // x + 10 · (the next entry), and zero after the last one.
    assert_eq!(row(same(2, 1), &x[..4], &[1.0, 10.0]), array![[21.0, 32.0, 43.0, 4.0]]);
    // Five entries with stride 2: windows (1, 2), (3, 4), (5, 0).
    assert_eq!(row(same(2, 2), &x[..5], &[1.0, 10.0]), array![[21.0, 43.0, 5.0]]);
    // Windows of three with stride 2 on six entries: (1, 2, 3), (3, 4, 5), (5, 6, 0), with no zero before the first.
    assert_eq!(row(same(3, 2), &x, &[1.0, 10.0, 100.0]), array![[321.0, 543.0, 65.0]]);
    // On five entries: (0, 1, 2), (2, 3, 4), (4, 5, 0).
    assert_eq!(row(same(3, 2), &x[..5], &[1.0, 10.0, 100.0]), array![[210.0, 432.0, 54.0]]);
    // A stride longer than the kernel skips entries.
    assert_eq!(row(same(1, 3), &x[..5], &[2.0]), array![[2.0, 8.0]]);
}
