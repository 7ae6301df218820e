//! The network of linear bounds against a dense backward pass, central differences and points of the boxes.

use super::interval_network::{Ends, affine, alone, images, matrix, wide};
use super::random_networks::Random;
use super::worst_logits::{self, Agreement, LossAndGradient, WorstLogits, any_network};
use minima_autodiff::{Activation, Batch, Graph, GraphBuilder, Layer, LayerOperation, PoolSpec};
use minima_verify::{CrownIbpNetwork, IntervalNetwork, IntervalNetworkError, VerifyError};
use ndarray::{Array2, ArrayView2};

/// What a layer does, with dense matrices.
enum Dense {
    /// A matrix `(inputs, outputs)` and a constant.
    Affine(Array2<f64>, Vec<f64>),
    /// A ReLU with this slope for negative inputs.
    Relu(f64),
    /// The ends of maxima.
    Max(Ends),
}

/// The ends of a layer's output, before its own ReLU.
fn forward(layer: &Layer, params: &[f64], ends: &Ends) -> (Dense, Ends) {
    let each = |f: &dyn Fn(f64) -> f64| -> Ends {
        (ends.0.iter().map(|&x| f(x)).collect(), ends.1.iter().map(|&x| f(x)).collect())
    };
    match &layer.operation {
        LayerOperation::Relu { .. } => (Dense::Relu(0.0), each(&|x| x.max(0.0))),
        &LayerOperation::Activation { function: Activation::LeakyRelu { slope }, .. } => {
            (Dense::Relu(slope), each(&|x| if x > 0.0 { x } else { slope * x }))
        }
        LayerOperation::MaxPool2d(p) => {
            let mut g = GraphBuilder::new(&p.input);
            let x = g.max_pool2d_padded(g.input(), PoolSpec::new(p.size, p.stride).with_padding(p.padding));
            let x = g.flatten(x.unwrap());
            let pool = g.finish(x).unwrap();
            let of = |x: &Vec<f64>| {
                pool.logits(&[], ArrayView2::from_shape((1, x.len()), x).unwrap()).unwrap().row(0).to_vec()
            };
            let out = (of(&ends.0), of(&ends.1));
            (Dense::Max(out.clone()), out)
        }
        operation => {
            let biased = match operation {
                LayerOperation::Dense { inputs, outputs } => layer.params.len() > inputs * outputs,
                _ => true,
            };
            let sizes = match operation {
                LayerOperation::Add { features } => vec![*features; 2],
                LayerOperation::Concat { outer, runs } => runs.iter().map(|run| outer * run).collect(),
                _ => vec![ends.0.len()],
            };
            let (weights, constant) = matrix(&alone(operation, &sizes, biased), &params[layer.params.clone()]);
            let out = affine(&weights, &constant, ends);
            (Dense::Affine(weights, constant), out)
        }
    }
}

/// Coefficients before a ReLU, and the constant.
fn through(coefficients: &[f64], (low, high): &Ends, slope: f64) -> (Vec<f64>, f64) {
    let mut constant = 0.0;
    let mut of = Vec::new();
    for ((&a, &l), &u) in coefficients.iter().zip(low).zip(high) {
        let factor = if l >= 0.0 {
            1.0
        } else if u <= 0.0 {
            slope
        } else if a >= 0.0 {
            if u > -l { 1.0 } else { slope }
        } else {
            // The chord from (l, slope · l) to (u, u).
            let chord = (u - slope * l) / (u - l);
            constant += a * (slope * l - chord * l);
            chord
        };
        of.push(a * factor);
    }
    (of, constant)
}

fn least(coefficients: &[f64], (low, high): &Ends) -> f64 {
    coefficients.iter().zip(low.iter().zip(high)).map(|(&a, (&l, &h))| if a >= 0.0 { a * l } else { a * h }).sum()
}

/// Lower bounds of `z_y − z_c` for every class c.
fn reference(graph: &Graph, params: &[f64], input: Ends, label: usize) -> Vec<f64> {
    let (layers, sizes) = (graph.layers(), graph.value_sizes());
    let mut values = vec![Ends::default(); sizes.len()];
    values[0] = input;
    let mut known = Vec::new();
    for layer in &layers {
        let all = |end: fn(&Ends) -> &Vec<f64>| -> Vec<f64> {
            layer.inputs.iter().flat_map(|&value| end(&values[value]).clone()).collect()
        };
        let ends = (all(|ends| &ends.0), all(|ends| &ends.1));
        let (dense, out) = forward(layer, params, &ends);
        let clip = |x: &Vec<f64>| x.iter().map(|x| x.max(0.0)).collect();
        values[layer.output] = if layer.rectified { (clip(&out.0), clip(&out.1)) } else { out.clone() };
        known.push((dense, ends, out));
    }
    let margin = |class: usize| {
        let mut coefficients: Vec<Vec<f64>> = sizes.iter().map(|&size| vec![0.0; size]).collect();
        coefficients[graph.output_value()][label] += 1.0;
        coefficients[graph.output_value()][class] -= 1.0;
        let mut bound = 0.0;
        for (layer, (dense, ends, out)) in layers.iter().zip(&known).rev() {
            let mut rows = coefficients[layer.output].clone();
            if layer.rectified {
                let (of, constant) = through(&rows, out, 0.0);
                (rows, bound) = (of, bound + constant);
            }
            let of = match dense {
                Dense::Affine(weights, constant) => {
                    bound += rows.iter().zip(constant).map(|(a, b)| a * b).sum::<f64>();
                    weights.dot(&ndarray::Array1::from(rows)).to_vec()
                }
                Dense::Relu(slope) => {
                    let (of, constant) = through(&rows, ends, *slope);
                    bound += constant;
                    of
                }
                Dense::Max(ends) => {
                    bound += least(&rows, ends);
                    continue;
                }
            };
            let mut start = 0;
            for &value in &layer.inputs {
                let own = &of[start..start + sizes[value]];
                coefficients[value].iter_mut().zip(own).for_each(|(sum, a)| *sum += a);
                start += sizes[value];
            }
        }
        bound + least(&coefficients[0], &values[0])
    };
    (0..graph.classes()).map(margin).collect()
}

#[test]
fn worst_case_logits_equal_a_dense_backward_pass() {
    let mut tighter = 0;
    for seed in 0..150 {
        let random = &mut Random(seed);
        let (graph, params) = any_network(seed, random);
        let params = wide(&params);
        let images = images(random, 3, graph.features());
        let labels = [0, 1, 2].map(|label| label % graph.classes());
        let epsilon = [0.0, 0.01, 0.1, 0.7][random.below(4)];
        let network = CrownIbpNetwork::new(&graph).unwrap();
        let worst = |beta| network.worst_logits(&params, images.view(), &labels, epsilon, beta).unwrap();
        let (lines, intervals, mixed) = (worst(1.0), worst(0.0), worst(0.3));
        let other = IntervalNetwork::new(&graph).unwrap();
        let plain = other.worst_logits(&params, images.view(), &labels, epsilon).unwrap();
        for (row, &label) in labels.iter().enumerate() {
            let image = images.row(row);
            let low = image.iter().map(|x| (x - epsilon).max(0.0)).collect();
            let high = image.iter().map(|x| (x + epsilon).min(1.0)).collect();
            let expected = reference(&graph, &params, (low, high), label);
            for class in (0..graph.classes()).filter(|&class| class != label) {
                let at = [row, class];
                let size = 1.0 + expected[class].abs() + plain[at].abs();
                let error = (lines[at] + expected[class]).abs();
                assert!(error < 1e-10 * size, "seed {seed}, class {class}: {} and {}", lines[at], -expected[class]);
                assert!((intervals[at] - plain[at]).abs() < 1e-10 * size, "seed {seed}, class {class}");
                assert!((mixed[at] - (0.7 * intervals[at] + 0.3 * lines[at])).abs() < 1e-10 * size, "seed {seed}");
                tighter += usize::from(lines[at] < intervals[at] - 1e-9);
            }
            assert_eq!(lines[[row, label]], 0.0);
        }
    }
    assert!(tighter > 300, "{tighter}");
}

#[test]
fn gradients_equal_central_differences() {
    let agreement = Agreement { beside_kinks: 1e-5, smooth_for_each_kink: 5, parameters: 40 };
    let at = |graph: &Graph, random: &mut Random| -> Box<LossAndGradient> {
        let network = CrownIbpNetwork::new(graph).unwrap();
        let beta = [0.4, 1.0][random.below(2)];
        Box::new(move |params, batch, epsilon| {
            let (report, gradient) = network.gradient(params, batch, epsilon, beta).unwrap();
            (report.loss, gradient)
        })
    };
    worst_logits::gradients_equal_central_differences(at, &agreement);
}

#[test]
fn no_point_of_a_box_is_worse() {
    worst_logits::no_point_of_a_box_is_worse(|graph: &Graph| -> Box<WorstLogits> {
        let network = CrownIbpNetwork::new(graph).unwrap();
        Box::new(move |params, images, labels, epsilon| {
            network.worst_logits(params, images, labels, epsilon, 1.0).unwrap()
        })
    });
}

/// Black pixels and biases of zero give ranges from 0 to 0.
#[test]
fn empty_ranges_give_finite_gradients() {
    let graph = minima_autodiff::paper_cnn([8, 8, 1], 3).unwrap();
    let params: Vec<f32> = graph.init(1);
    let network = CrownIbpNetwork::new(&graph).unwrap();
    let images = Array2::from_shape_fn((2, 64), |(i, j)| if j > 50 + 5 * i { 0.7_f32 } else { 0.0 });
    let batch = Batch::new(images.view(), &[0, 2]).unwrap();
    for epsilon in [0.0, 1e-12, 0.01] {
        for beta in [1.0, 0.5] {
            let (report, gradient) = network.gradient(&params, &batch, epsilon, beta).unwrap();
            assert!(report.loss.is_finite() && gradient.iter().all(|g| g.is_finite()), "{epsilon}, {beta}");
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
    let error = CrownIbpNetwork::new(&graph).unwrap_err();
    assert!(matches!(&error, IntervalNetworkError::Bounds(VerifyError::Operation { operation, .. })
        if operation == Activation::Gelu.name()));

    let mut g = GraphBuilder::new(&[4]);
    let x = g.dense(g.input(), "Dense_0", 2).unwrap();
    let graph = g.finish(x).unwrap();
    let network = CrownIbpNetwork::new(&graph).unwrap();
    let (params, images) = (vec![0.5_f64; 10], Array2::from_elem((1, 4), 0.5));
    let error = |params: &[f64], label: usize, epsilon: f64, beta: f64| {
        network.worst_logits(params, images.view(), &[label], epsilon, beta).unwrap_err().to_string()
    };
    assert!(error(&params, 1, -0.1, 0.5).contains("epsilon is"));
    assert!(error(&params, 1, 0.1, 1.5).contains("beta is 1.5"));
    assert!(error(&params, 1, 0.1, f64::NAN).contains("beta is NaN"));
    assert!(error(&params, 2, 0.1, 0.5).contains("label 2"));
    assert!(error(&params[1..], 1, 0.1, 0.5).contains("parameters"));
}
