//! Gradients of wide convolutions, which are products over places and samples, against the sum of the samples' gradients.

use super::agreement::assert_close;
use super::{derivatives, draw};
use minima_autodiff::{Conv2dSpec, Graph, GraphBuilder, Padding};
use ndarray::Axis;

/// Sums of up to 33 · 63 products in another order, each rounded at 1e-16.
const ROUNDING: f64 = 1e-12;

/// A convolution of the given input.
fn network(input: [usize; 3], spec: Conv2dSpec) -> Graph {
    let mut g = GraphBuilder::new(&input);
    let y = g.conv2d(g.input(), "Conv_0", spec).unwrap();
    let y = g.flatten(y);
    g.finish(y).unwrap()
}

#[test]
fn gradients_are_the_sums_of_the_samples_gradients() {
    let one = Padding::Explicit { low: [1, 1], high: [1, 1] };
    let same = Conv2dSpec::same;
    for (name, input, spec) in [
        ("few inputs", [5, 7, 3], same(16, 3)),
        ("few inputs, part of a panel, stride 2", [6, 5, 15], Conv2dSpec { stride: [2, 2], ..same(37, 3) }),
        ("16 to 16", [4, 5, 16], same(16, 3)),
        ("more places than a group", [2, 35, 16], same(8, 3)),
        ("few outputs", [3, 3, 16], same(5, 3)),
        ("part of a panel", [4, 3, 17], same(9, 3)),
        ("two panels, stride 2", [7, 6, 32], Conv2dSpec { stride: [2, 2], padding: one, ..same(20, 3) }),
        ("stride beyond the kernel", [9, 8, 16], Conv2dSpec { stride: [3, 4], padding: one, ..same(16, 2) }),
        ("uneven kernel", [6, 7, 20], Conv2dSpec { kernel: [2, 5], stride: [1, 2], padding: one, ..same(12, 1) }),
        ("one tap, stride 2", [6, 5, 48], Conv2dSpec { stride: [2, 2], ..same(13, 1) }),
        ("one place", [3, 3, 16], Conv2dSpec { padding: Padding::Valid, ..same(18, 3) }),
        ("without biases", [3, 4, 33], Conv2dSpec { bias: false, ..same(4, 3) }),
        ("in tiles", [5, 6, 32], same(33, 3)),
        ("in tiles, without a border", [6, 6, 33], Conv2dSpec { padding: Padding::Valid, ..same(32, 3) }),
    ] {
        let graph = network(input, spec);
        let params = draw::params(&graph, 1);
        for count in [1, 16, 33] {
            let images = draw::matrix(2, (count, graph.features()));
            let w = draw::matrix(3, (count, graph.classes()));
            let at = graph.linearize(&params, images.view()).unwrap();
            let expected = at.per_sample_gradients(w.view()).unwrap().sum_axis(Axis(0));
            assert_close(name, &at.vjp(w.view()).unwrap(), &expected.to_vec(), ROUNDING);
        }
    }
}

/// A network without kinks, with a value that two operations read. Its convolutions of 3 × 3 are differentiated in tiles.
fn in_tiles() -> Graph {
    let mut g = GraphBuilder::new(&[4, 5, 32]);
    let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(33, 3)).unwrap();
    let y = g.conv2d(x, "Conv_1", Conv2dSpec::same(33, 3)).unwrap();
    let y = g.add(x, y).unwrap();
    let uneven = Padding::Explicit { low: [0, 2], high: [2, 1] };
    let y = g.conv2d(y, "Conv_2", Conv2dSpec { padding: uneven, ..Conv2dSpec::same(32, 3) }).unwrap();
    let y = g.conv2d(y, "Conv_3", Conv2dSpec::same(1, 1)).unwrap();
    let y = g.flatten(y);
    g.finish(y).unwrap()
}

#[test]
fn derivatives_in_tiles_are_those_of_the_forward_map() {
    let graph = in_tiles();
    let images = draw::matrix(2, (33, graph.features()));
    // A direction is √288 = 17 times as long as a layer's kernel, so that third derivatives count with (17 · 1e-5)² = 3e-8.
    derivatives::check_directions(1e-7, "in tiles", &graph, &draw::params(&graph, 1), &images);
}

#[test]
fn derivatives_in_tiles_have_the_same_bits_with_any_number_of_threads() {
    let graph = in_tiles();
    let (params, images) = (draw::params(&graph, 1), draw::matrix(2, (67, graph.features())));
    let w = draw::matrix(3, (67, graph.classes()));
    let derivatives = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let at = graph.linearize(&params, images.view()).unwrap();
            (at.vjp(w.view()).unwrap(), at.vjp_input(w.view()).unwrap())
        })
    };
    let one = derivatives(1);
    for threads in [2, 3] {
        assert!(derivatives(threads) == one, "{threads} threads");
    }
}
