//! Gradients of wide convolutions, which are products over places and samples, against the sum of the samples' gradients.

use super::agreement::assert_close;
use super::draw;
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
