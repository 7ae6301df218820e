//! Convolutions with explicit borders, dilated kernels and groups.

use super::agreement::assert_close;
use super::derivatives::{self, BATCHES, rows};
use super::{draw, moments, naive};
use minima_autodiff::{Conv2dSpec, Graph, GraphBuilder, LayerPairs, Padding};
use ndarray::{Array1, Array2, Axis};

/// Sums of some hundred products, each rounded at 1e-16.
const ROUNDING: f64 = 1e-13;

fn border(low: [usize; 2], high: [usize; 2]) -> Padding {
    Padding::Explicit { low, high }
}

/// Names, image shapes and convolutions.
fn cases() -> Vec<(&'static str, [usize; 3], Conv2dSpec)> {
    let same = Conv2dSpec::same;
    let one = border([1, 1], [1, 1]);
    vec![
        ("stride 2, odd size", [7, 5, 2], Conv2dSpec { stride: [2, 2], padding: one, ..same(3, 3) }),
        ("stride 2, even size", [6, 8, 1], Conv2dSpec { stride: [2, 2], padding: one, ..same(5, 3) }),
        ("uneven border", [4, 5, 2], Conv2dSpec { padding: border([2, 0], [1, 3]), ..same(3, 3) }),
        ("kernel larger than the input", [2, 3, 2], Conv2dSpec { padding: border([2, 2], [2, 2]), ..same(3, 5) }),
        ("border larger than the kernel", [3, 2, 2], Conv2dSpec { padding: border([4, 3], [3, 5]), ..same(2, 2) }),
        (
            "windows in the border, stride 2",
            [2, 2, 1],
            Conv2dSpec { stride: [2, 3], padding: border([5, 3], [4, 6]), ..same(2, 2) },
        ),
        ("a border and one tap", [3, 4, 2], Conv2dSpec { padding: border([1, 2], [3, 1]), ..same(4, 1) }),
        ("one pixel", [1, 1, 1], Conv2dSpec { padding: one, ..same(2, 3) }),
        ("dilation 2", [7, 6, 2], Conv2dSpec { dilation: [2, 2], padding: Padding::Valid, ..same(3, 3) }),
        ("dilation 3, SAME", [6, 7, 1], Conv2dSpec { dilation: [3, 2], ..same(4, 3) }),
        ("dilation 2, SAME, stride 2", [7, 6, 3], Conv2dSpec { dilation: [2, 2], stride: [2, 2], ..same(5, 3) }),
        (
            "dilation 2 and 3, stride, border",
            [6, 7, 2],
            Conv2dSpec { dilation: [2, 3], stride: [2, 1], padding: border([2, 3], [1, 4]), ..same(3, 3) },
        ),
        (
            "a dilated kernel in a border larger than it",
            [2, 3, 1],
            Conv2dSpec { kernel: [2, 1], dilation: [2, 3], padding: border([4, 2], [5, 1]), ..same(2, 2) },
        ),
        ("groups 2", [5, 4, 4], Conv2dSpec { groups: 2, ..same(6, 3) }),
        ("groups 2, wide", [3, 5, 6], Conv2dSpec { groups: 2, kernel: [2, 3], ..same(10, 3) }),
        ("groups 3, no bias", [4, 4, 3], Conv2dSpec { groups: 3, bias: false, ..same(6, 3) }),
        ("depthwise", [6, 7, 5], Conv2dSpec { groups: 5, ..same(5, 3) }),
        (
            "depthwise, stride 2",
            [7, 6, 3],
            Conv2dSpec { groups: 3, stride: [2, 2], padding: one, bias: false, ..same(3, 3) },
        ),
        ("depthwise with a multiplier of 4", [4, 3, 2], Conv2dSpec { groups: 2, ..same(8, 3) }),
        ("depthwise, dilation 2", [6, 5, 3], Conv2dSpec { groups: 3, dilation: [2, 2], ..same(3, 3) }),
        ("groups, one pixel", [1, 1, 4], Conv2dSpec { groups: 4, padding: one, ..same(4, 3) }),
        ("groups, one tap", [3, 3, 4], Conv2dSpec { groups: 2, ..same(4, 1) }),
        (
            "groups, dilation, stride and border",
            [6, 7, 4],
            Conv2dSpec {
                groups: 2,
                dilation: [2, 1],
                stride: [1, 2],
                padding: border([3, 2], [0, 1]),
                kernel: [2, 3],
                ..same(6, 1)
            },
        ),
    ]
}

fn alone(input: [usize; 3], spec: Conv2dSpec) -> Graph {
    let mut g = GraphBuilder::new(&input);
    let y = g.conv2d(g.input(), "Conv_0", spec).unwrap();
    let y = g.flatten(y);
    g.finish(y).unwrap()
}

/// The convolution between a convolution and a dense layer, so that derivatives with respect to parameters pass through
/// it.
fn between_layers(input: [usize; 3], spec: Conv2dSpec) -> Graph {
    let mut g = GraphBuilder::new(&[input[0], input[1], 2]);
    let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(input[2], 3)).unwrap();
    let y = g.conv2d(x, "Conv_1", spec).unwrap();
    let y = g.flatten(y);
    let y = g.dense(y, "Dense_0", 3).unwrap();
    g.finish(y).unwrap()
}

#[test]
fn forward_is_the_direct_loop() {
    for (name, input, spec) in cases() {
        let graph = alone(input, spec);
        let params = draw::params(&graph, 1);
        let images = draw::matrix(2, (33, graph.features()));
        let kernel = graph.view(&params, "Conv_0.kernel").unwrap();
        assert_eq!(kernel.shape(), [spec.kernel[0], spec.kernel[1], input[2] / spec.groups, spec.features], "{name}");
        let zeros = Array1::zeros(spec.features).into_dyn();
        let bias = graph.view(&params, "Conv_0.bias");
        assert_eq!(bias.is_some(), spec.bias, "{name}");
        let mut expected = Array2::zeros((33, graph.classes()));
        for (mut y, x) in expected.outer_iter_mut().zip(images.outer_iter()) {
            let x = x.into_shape_with_order(input).unwrap();
            let bias = bias.clone().unwrap_or(zeros.view());
            y.assign(&naive::conv2d(x, &spec, kernel.clone(), bias).into_flat());
        }
        for size in BATCHES {
            let found = graph.logits(&params, rows(&images, size).view()).unwrap();
            // At most 51 terms per output, each rounded at 1e-16.
            assert_close(name, &found, &rows(&expected, size), 1e-14);
        }
    }
}

#[test]
fn derivatives_are_those_of_the_forward_map() {
    for (name, input, spec) in cases() {
        for graph in [alone(input, spec), between_layers(input, spec)] {
            let images = draw::matrix(2, (33, graph.features()));
            derivatives::check(name, &graph, &draw::params(&graph, 1), &images);
        }
    }
}

#[test]
fn a_rectified_input_gates_its_cotangent() {
    for (name, input, spec) in cases() {
        let mut g = GraphBuilder::new(&[input[0], input[1], 2]);
        let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(input[2], 1)).unwrap();
        let x = g.relu(x);
        let y = g.conv2d(x, "Conv_1", spec).unwrap();
        // The rectified value has a second reader, to which the convolution adds.
        let [y, x] = [y, x].map(|value| g.flatten(value));
        let y = g.dense(y, "Dense_0", 3).unwrap();
        let x = g.dense(x, "Dense_1", 3).unwrap();
        let y = g.add(y, x).unwrap();
        let graph = g.finish(y).unwrap();
        let images = draw::matrix(3, (33, graph.features()));
        derivatives::check(name, &graph, &draw::params(&graph, 5), &images);
    }
}

#[test]
fn per_sample_gradients_are_those_of_single_images() {
    for (name, input, spec) in cases() {
        let graph = between_layers(input, spec);
        let (params, images) = (draw::params(&graph, 1), draw::matrix(2, (17, graph.features())));
        let at = graph.linearize(&params, images.view()).unwrap();
        let w = draw::matrix(5, at.logits().dim());
        let gradients = at.per_sample_gradients(w.view()).unwrap();
        assert_close(name, &gradients.sum_axis(Axis(0)), &at.vjp(w.view()).unwrap(), ROUNDING);
        for (i, gradient) in gradients.outer_iter().enumerate() {
            let [image, w] = [&images, &w].map(|a| a.select(Axis(0), &[i]));
            let alone = graph.linearize(&params, image.view()).unwrap();
            assert_close(name, &gradient, &alone.vjp(w.view()).unwrap(), ROUNDING);
        }
    }
}

#[test]
fn layer_pairs_multiply_to_the_gradient_of_each_group() {
    for (name, input, spec) in cases() {
        let graph = between_layers(input, spec);
        let (params, images) = (draw::params(&graph, 1), draw::matrix(2, (17, graph.features())));
        let at = graph.linearize(&params, images.view()).unwrap();
        let w = draw::matrix(5, at.logits().dim());
        let gradient = at.vjp(w.view()).unwrap();
        let pairs = at.layer_pairs(w.view()).unwrap();
        assert_eq!(pairs.len(), 2 + spec.groups, "{name}");
        for (group, LayerPairs { params, bias, columns, places, inputs, cotangents }) in
            pairs[1..=spec.groups].iter().enumerate()
        {
            let each = spec.features / spec.groups;
            assert_eq!((columns.clone(), *bias), (group * each..(group + 1) * each, spec.bias), "{name}");
            assert_eq!((inputs.ncols(), cotangents.dim()), (17 * places, (each, 17 * places)), "{name}");
            let matrix = Array2::from_shape_vec((inputs.nrows(), spec.features), gradient[params.clone()].to_vec());
            let of_group = matrix.unwrap().select(Axis(1), &columns.clone().collect::<Vec<_>>());
            assert_close(name, &inputs.dot(&cotangents.t()), &of_group, ROUNDING);
        }
    }
}

#[test]
fn moments_of_layers_are_products_of_layer_pairs() {
    // From 16 and from 32 channels on, gradients have kernels of their own.
    let wide = [
        ("16 channels", [5, 6, 16], Conv2dSpec::same(3, 3)),
        ("17 channels, stride 2", [7, 6, 17], Conv2dSpec { stride: [2, 2], ..Conv2dSpec::same(5, 3) }),
        ("32 channels", [6, 6, 32], Conv2dSpec { bias: false, ..Conv2dSpec::same(4, 3) }),
    ];
    for (name, input, spec) in cases().into_iter().chain(wide) {
        let graph = between_layers(input, spec);
        let (params, images) = (draw::params(&graph, 1), draw::matrix(2, (17, graph.features())));
        let at = graph.linearize(&params, images.view()).unwrap();
        let w = draw::matrix(5, at.logits().dim());
        moments::check(name, &at, w.view());
    }
}

/// A whole network costs as many multiply-adds as its kernels' entries, once at every place.
#[test]
fn multiply_adds_are_those_of_the_group() {
    let spec = Conv2dSpec { groups: 2, dilation: [2, 2], padding: Padding::Valid, ..Conv2dSpec::same(6, 3) };
    let operations = alone([7, 6, 4], spec).operations();
    assert_eq!(operations.forward, (2 * 3 * 2) as f64 * (3 * 3 * 2 * 6) as f64);
}

/// `Conv_0` of the kernel 1, 10, 100 with one row of three pixels.
#[test]
fn an_explicit_border_is_where_it_says() {
    let spec = Conv2dSpec { kernel: [1, 3], padding: border([0, 2], [0, 1]), bias: false, ..Conv2dSpec::same(1, 1) };
    let graph = alone([1, 3, 1], spec);
    let images = ndarray::array![[1.0, 2.0, 3.0]];
    let found = graph.logits(&[1.0, 10.0, 100.0], images.view()).unwrap();
    assert_eq!(found, ndarray::array![[100.0, 210.0, 321.0, 32.0]]);
}
