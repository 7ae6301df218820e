//! The interval network against plain interval arithmetic, central differences and points of the boxes.

use super::random_networks::{Random, network};
use super::worst_logits::{self, Agreement, LossAndGradient, WorstLogits};
use minima_autodiff::{
    Activation, Batch, Conv2dSpec, Graph, GraphBuilder, LayerOperation, Padding, PoolSpec, Rearrangement,
};
use minima_verify::{IntervalNetwork, IntervalNetworkError, VerifyError};
use ndarray::{Array2, ArrayView2, Axis};

/// The ends of a value.
pub(crate) type Ends = (Vec<f64>, Vec<f64>);

/// The matrix `(inputs, outputs)` and the constant of an affine network.
pub(crate) fn matrix(graph: &Graph, params: &[f64]) -> (Array2<f64>, Vec<f64>) {
    let n = graph.features();
    let constant = graph.logits(params, Array2::zeros((1, n)).view()).unwrap().row(0).to_vec();
    let columns = graph.logits(params, Array2::eye(n).view()).unwrap();
    let constant_row = ndarray::Array1::from(constant.clone());
    (columns - &constant_row, constant)
}

/// The ends of an affine map, term by term.
pub(crate) fn affine(weights: &Array2<f64>, constant: &[f64], (low, high): &Ends) -> Ends {
    let mut ends = (constant.to_vec(), constant.to_vec());
    for (row, (l, h)) in weights.outer_iter().zip(low.iter().zip(high)) {
        for (o, &w) in row.iter().enumerate() {
            ends.0[o] += if w >= 0.0 { w * l } else { w * h };
            ends.1[o] += if w >= 0.0 { w * h } else { w * l };
        }
    }
    ends
}

/// A network of this one operation, whose input is all its inputs side by side.
pub(crate) fn alone(operation: &LayerOperation, sizes: &[usize], biased: bool) -> Graph {
    let mut g = GraphBuilder::new(&[sizes.iter().sum()]);
    let mut start = 0;
    let mut inputs = Vec::new();
    for size in sizes {
        inputs.push(g.slice(g.input(), 0, start..start + size).unwrap());
        start += size;
    }
    let shaped = |g: &mut GraphBuilder, shape: &[usize]| g.reshape(inputs[0], shape).unwrap();
    let output = match operation {
        LayerOperation::Conv2d { spec, input } => {
            let x = shaped(&mut g, input);
            g.conv2d(x, "L", *spec)
        }
        LayerOperation::Dense { outputs, .. } => {
            let spec = minima_autodiff::DenseSpec { bias: biased, ..minima_autodiff::DenseSpec::new(*outputs) };
            g.dense_on_last_axis(inputs[0], "L", &spec)
        }
        LayerOperation::AvgPool2d(p) => {
            let x = shaped(&mut g, &p.input);
            let spec = PoolSpec { count_padding: p.count_padding, ..PoolSpec::new(p.size, p.stride) };
            g.avg_pool2d_padded(x, spec.with_padding(p.padding))
        }
        LayerOperation::Reduce { shape, axes, mean: true } => {
            let x = shaped(&mut g, shape);
            g.mean(x, axes)
        }
        LayerOperation::Rearrange(Rearrangement::Transpose { shape, axes }) => {
            let x = shaped(&mut g, shape);
            g.transpose(x, axes)
        }
        LayerOperation::ChannelAffine { scale, shift, features } => {
            let x = shaped(&mut g, &[features / scale.len(), scale.len()]);
            g.affine(x, scale, shift)
        }
        LayerOperation::Add { .. } => g.add(inputs[0], inputs[1]),
        LayerOperation::Concat { outer, runs } => {
            let parts: Vec<_> =
                inputs.iter().zip(runs).map(|(&x, &run)| g.reshape(x, &[*outer, run]).unwrap()).collect();
            g.concat(&parts, 1)
        }
        other => panic!("no reference for {}", other.name()),
    };
    let flat = g.flatten(output.unwrap());
    g.finish(flat).unwrap()
}

/// Ends of every value but the last layer's, and the matrix and the constant of the last layer, which is dense.
fn reference(graph: &Graph, params: &[f64], input: Ends) -> (Ends, Array2<f64>, Vec<f64>) {
    let layers = graph.layers();
    let sizes = graph.value_sizes();
    let mut values = vec![Ends::default(); sizes.len()];
    values[0] = input;
    for (number, layer) in layers.iter().enumerate() {
        let all = |end: fn(&Ends) -> &Vec<f64>| -> Vec<f64> {
            layer.inputs.iter().flat_map(|&value| end(&values[value]).clone()).collect()
        };
        let ends = (all(|ends| &ends.0), all(|ends| &ends.1));
        let each = |f: &dyn Fn(f64) -> f64| -> Ends {
            (ends.0.iter().map(|&x| f(x)).collect(), ends.1.iter().map(|&x| f(x)).collect())
        };
        let mut out = match &layer.operation {
            LayerOperation::Relu { .. } => each(&|x| x.max(0.0)),
            LayerOperation::Activation { function, .. } => each(&|x| function.value(x)),
            LayerOperation::MaxPool2d(p) => {
                let mut g = GraphBuilder::new(&p.input);
                let x = g.max_pool2d_padded(g.input(), PoolSpec::new(p.size, p.stride).with_padding(p.padding));
                let x = g.flatten(x.unwrap());
                let pool = g.finish(x).unwrap();
                let of = |x: &Vec<f64>| {
                    pool.logits(&[], ArrayView2::from_shape((1, x.len()), x).unwrap()).unwrap().row(0).to_vec()
                };
                (of(&ends.0), of(&ends.1))
            }
            operation => {
                let sizes: Vec<usize> = layer.inputs.iter().map(|&value| values[value].0.len()).collect();
                let biased = match operation {
                    LayerOperation::Dense { inputs, outputs } => layer.params.len() > inputs * outputs,
                    _ => true,
                };
                let (weights, constant) = matrix(&alone(operation, &sizes, biased), &params[layer.params.clone()]);
                if number + 1 == layers.len() {
                    return (ends, weights, constant);
                }
                affine(&weights, &constant, &ends)
            }
        };
        if layer.rectified {
            out.0.iter_mut().chain(&mut out.1).for_each(|x| *x = x.max(0.0));
        }
        values[layer.output] = out;
    }
    unreachable!("the last layer is dense")
}

pub(crate) fn wide(params: &[f32]) -> Vec<f64> {
    params.iter().map(|&p| f64::from(p)).collect()
}

pub(crate) fn images(random: &mut Random, count: usize, features: usize) -> Array2<f64> {
    Array2::from_shape_fn((count, features), |_| f64::from(random.unit()))
}

#[test]
fn worst_case_logits_equal_plain_interval_arithmetic() {
    for seed in 0..150 {
        let random = &mut Random(seed);
        let (graph, params) = network(random);
        let params = wide(&params);
        let images = images(random, 3, graph.features());
        let labels = [0, 1, 2];
        let epsilon = [0.0, 0.01, 0.1, 0.7][random.below(4)];
        let network = IntervalNetwork::new(&graph).unwrap();
        let worst = network.worst_logits(&params, images.view(), &labels, epsilon).unwrap();
        for ((image, worst), &label) in images.outer_iter().zip(worst.outer_iter()).zip(&labels) {
            let low = image.iter().map(|x| (x - epsilon).max(0.0)).collect();
            let high = image.iter().map(|x| (x + epsilon).min(1.0)).collect();
            let (ends, weights, constant) = reference(&graph, &params, (low, high));
            for class in 0..3 {
                let margins = &weights.index_axis(Axis(1), class) - &weights.index_axis(Axis(1), label);
                let margins = margins.insert_axis(Axis(1));
                let expected = affine(&margins, &[constant[class] - constant[label]], &ends).1[0];
                let error = (worst[class] - expected).abs();
                assert!(
                    error < 1e-12 * (1.0 + expected.abs()),
                    "seed {seed}, class {class}: {} and {expected}",
                    worst[class]
                );
            }
        }
    }
}

/// A network whose last layer is no dense layer, with a residual connection of unequal forms.
pub(crate) fn without_a_last_dense_layer() -> Graph {
    let mut g = GraphBuilder::new(&[7, 6, 2]);
    let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(3, 3)).unwrap();
    let x = g.relu(x);
    let y = g.conv2d(x, "Conv_1", Conv2dSpec { padding: Padding::Same, ..Conv2dSpec::same(3, 2) }).unwrap();
    let x = g.add(x, y).unwrap();
    let x = g.global_avg_pool(x).unwrap();
    g.finish(x).unwrap()
}

#[test]
fn gradients_equal_central_differences() {
    let agreement = Agreement { beside_kinks: 1e-6, smooth_for_each_kink: 10, parameters: 60 };
    let at = |graph: &Graph, _: &mut Random| -> Box<LossAndGradient> {
        let network = IntervalNetwork::new(graph).unwrap();
        Box::new(move |params, batch, epsilon| {
            let (report, gradient) = network.gradient(params, batch, epsilon).unwrap();
            (report.loss, gradient)
        })
    };
    worst_logits::gradients_equal_central_differences(at, &agreement);
}

#[test]
fn no_point_of_a_box_is_worse() {
    worst_logits::no_point_of_a_box_is_worse(|graph: &Graph| -> Box<WorstLogits> {
        let network = IntervalNetwork::new(graph).unwrap();
        Box::new(move |params, images, labels, epsilon| network.worst_logits(params, images, labels, epsilon).unwrap())
    });
}

#[test]
fn a_radius_of_zero_gives_the_ordinary_loss_and_gradient() {
    for seed in 0..30 {
        let random = &mut Random(3_000 + seed);
        let (graph, params) = network(random);
        let params = wide(&params);
        let images = images(random, 5, graph.features());
        let batch = Batch::new(images.view(), &[2, 0, 1, 1, 0]).unwrap();
        let network = IntervalNetwork::new(&graph).unwrap();
        let (report, gradient) = network.gradient(&params, &batch, 0.0).unwrap();
        let (plain, expected) = minima_autodiff::Engine::gradient(&graph, &params, &batch).unwrap();
        assert!((report.loss - plain.loss).abs() < 1e-12 * (1.0 + plain.loss), "seed {seed}");
        assert_eq!(report.correct, plain.correct);
        for (found, expected) in gradient.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-11 * (1.0 + expected.abs()), "seed {seed}: {found}, {expected}");
        }
    }
}

#[test]
fn operations_without_a_rule_and_wrong_arguments_are_named() {
    let mut g = GraphBuilder::new(&[4]);
    let x = g.dense(g.input(), "Dense_0", 3).unwrap();
    let x = g.activation(x, Activation::Gelu);
    let x = g.dense(x, "Dense_1", 2).unwrap();
    let graph = g.finish(x).unwrap();
    let error = IntervalNetwork::new(&graph).unwrap_err();
    assert!(matches!(&error, IntervalNetworkError::Bounds(VerifyError::Operation { operation, .. })
        if operation == Activation::Gelu.name()));

    let mut g = GraphBuilder::new(&[4]);
    let x = g.dense(g.input(), "Dense_0", 2).unwrap();
    let graph = g.finish(x).unwrap();
    let network = IntervalNetwork::new(&graph).unwrap();
    let (params, images) = (vec![0.5_f64; 10], Array2::from_elem((1, 4), 0.5));
    for epsilon in [-0.1, f64::NAN, f64::INFINITY] {
        let error = network.worst_logits(&params, images.view(), &[1], epsilon).unwrap_err().to_string();
        assert!(error.contains("epsilon is"), "{error}");
    }
    let error = network.worst_logits(&params, images.view(), &[2], 0.1).unwrap_err().to_string();
    assert!(error.contains("label 2"), "{error}");
    let error = network.worst_logits(&params[1..], images.view(), &[1], 0.1).unwrap_err().to_string();
    assert!(error.contains("parameters"), "{error}");
    let narrow = Array2::from_elem((1, 3), 0.5);
    let error = network.worst_logits(&params, narrow.view(), &[1], 0.1).unwrap_err().to_string();
    assert!(error.contains("images"), "{error}");
}
