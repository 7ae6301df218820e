//! The Hessian of the mean loss of networks with smooth operations, against a network evaluated entry by entry in
//! hyper-dual numbers.

use crate::agreement::assert_close;
use crate::draw;
use crate::number::{HyperDual, Number};
use minima_autodiff::softmax_cross_entropy::{hessian_into, mean_gradient, softmax};
use minima_autodiff::{Activation, DenseSpec, Graph, GraphBuilder, Layer, LayerOperation, NormSpec, Value};
use ndarray::{Array2, ArrayView1};

const IMAGES: usize = 5;
const CLASSES: usize = 3;

/// The values of an operation, from its definition.
fn output<N: Number>(layer: &Layer, params: &[N], values: &[Vec<N>]) -> Vec<N> {
    let input = |which: usize| &values[layer.inputs[which]];
    let dense = |places: usize, inputs: usize, outputs: usize| {
        let (bias, kernel) = params.split_at(outputs);
        let entry = |p: usize, o: usize| {
            (0..inputs).fold(bias[o], |sum, i| sum + input(0)[p * inputs + i] * kernel[i * outputs + o])
        };
        (0..places).flat_map(|p| (0..outputs).map(move |o| (p, o))).map(|(p, o)| entry(p, o)).collect()
    };
    match &layer.operation {
        LayerOperation::Dense { inputs, outputs } => dense(1, *inputs, *outputs),
        LayerOperation::TokenwiseDense { places, inputs, outputs } => dense(*places, *inputs, *outputs),
        LayerOperation::Add { .. } => input(0).iter().zip(input(1)).map(|(&a, &b)| a + b).collect(),
        LayerOperation::Constant(numbers) => numbers.iter().map(|&x| N::constant(x)).collect(),
        LayerOperation::ChannelAffine { scale, shift, .. } => {
            let (a, b) = (scale.iter().cycle(), shift.iter().cycle());
            input(0).iter().zip(a.zip(b)).map(|(&x, (&a, &b))| N::constant(a) * x + N::constant(b)).collect()
        }
        LayerOperation::Activation { function, .. } => input(0).iter().map(|&x| activation(*function, x)).collect(),
        LayerOperation::Softmax { shape: [_, size, inner] } => {
            let powers: Vec<N> = input(0).iter().map(|x| x.exp()).collect();
            let sum = |i: usize| {
                let first = i / (size * inner) * size * inner + i % inner;
                (0..*size).fold(N::constant(0.0), |sum, k| sum + powers[first + k * inner])
            };
            powers.iter().enumerate().map(|(i, &power)| power * sum(i).reciprocal()).collect()
        }
        LayerOperation::Normalization { layout, centred, epsilon, shift, scale } => {
            let [_, places, groups, size] = *layout;
            let channels = groups * size;
            let set = |i: usize| (i / (places * channels), i % channels / size);
            let shifts = if *shift { channels } else { 0 };
            let entry = |i: usize| {
                let members = || (0..input(0).len()).filter(|&j| set(j) == set(i)).map(|j| input(0)[j]);
                let share = N::constant(1.0 / (places * size) as f64);
                let zero = N::constant(0.0);
                let mean = if *centred { members().fold(zero, |sum, x| sum + x) * share } else { zero };
                let variance = members().fold(zero, |sum, x| sum + (x - mean) * (x - mean)) * share;
                let y = (input(0)[i] - mean) * (variance + N::constant(*epsilon)).sqrt().reciprocal();
                let y = if *scale { y * params[shifts + i % channels] } else { y };
                if *shift { y + params[i % channels] } else { y }
            };
            (0..input(0).len()).map(entry).collect()
        }
        other => panic!("{other:?} is not part of these networks"),
    }
}

fn activation<N: Number>(function: Activation, x: N) -> N {
    let (one, half) = (N::constant(1.0), N::constant(0.5));
    let positive = x.value() > 0.0;
    let sigmoid = || (one + (N::constant(-1.0) * x).exp()).reciprocal();
    match function {
        Activation::LeakyRelu { slope } => {
            if positive {
                x
            } else {
                N::constant(slope) * x
            }
        }
        Activation::Elu { alpha } => {
            if positive {
                x
            } else {
                N::constant(alpha) * (x.exp() - one)
            }
        }
        Activation::Gelu => half * x * (one + (N::constant(0.5_f64.sqrt()) * x).erf()),
        Activation::GeluTanh => {
            let inner = x + N::constant(0.044_715) * x * x * x;
            half * x * (one + (N::constant((2.0 / std::f64::consts::PI).sqrt()) * inner).tanh())
        }
        Activation::Silu => x * sigmoid(),
        Activation::Tanh => x.tanh(),
        Activation::Sigmoid => sigmoid(),
        Activation::Softplus => (one + x.exp()).ln(),
        other => panic!("{other:?} has no definition here"),
    }
}

fn logits<N: Number>(graph: &Graph, params: &[N], image: ArrayView1<'_, f64>) -> Vec<N> {
    let mut values: Vec<Vec<N>> = vec![Vec::new(); graph.value_sizes().len()];
    values[0] = image.iter().map(|&x| N::constant(x)).collect();
    for layer in graph.layers() {
        let y = output(&layer, &params[layer.params.clone()], &values);
        let rectified = |x: N| if x.value() > 0.0 { x } else { N::constant(0.0) };
        values[layer.output] = if layer.rectified { y.into_iter().map(rectified).collect() } else { y };
    }
    values.swap_remove(graph.output_value())
}

/// One image's softmax cross-entropy.
fn loss<N: Number>(graph: &Graph, params: &[N], image: ArrayView1<'_, f64>, label: usize) -> N {
    let logits = logits(graph, params, image);
    logits.iter().fold(N::constant(0.0), |sum, a| sum + a.exp()).ln() - logits[label]
}

/// `H v` of the mean loss, and its gradient, in hyper-dual numbers.
fn naive(graph: &Graph, params: &[f64], v: &[f64], images: &Array2<f64>, labels: &[usize]) -> [Vec<f64>; 2] {
    let mut moving: Vec<HyperDual> =
        params.iter().zip(v).map(|(&value, &v)| HyperDual { value, first: [v, 0.0], second: 0.0 }).collect();
    let mut found = [Vec::new(), Vec::new()];
    for i in 0..params.len() {
        moving[i].first[1] = 1.0;
        let losses = images.outer_iter().zip(labels).map(|(image, &y)| loss(graph, &moving, image, y));
        let total = losses.fold(HyperDual::default(), |sum, loss| sum + loss);
        found[0].push(total.second / labels.len() as f64);
        found[1].push(total.first[1] / labels.len() as f64);
        moving[i].first[1] = 0.0;
    }
    found
}

fn check(what: &str, graph: &Graph) {
    let (params, images) = (draw::params(graph, 31), draw::matrix(32, (IMAGES, graph.features())));
    let labels: Vec<usize> = (0..IMAGES).map(|i| i % CLASSES).collect();
    let at = graph.linearize(&params, images.view()).unwrap();
    for (row, image) in at.logits().outer_iter().zip(images.outer_iter()) {
        assert_close(&format!("{what}: logits"), row, &logits(graph, &params, image), 1e-12);
    }
    let (p, share) = (softmax(at.logits()), 1.0 / IMAGES as f64);
    let w = mean_gradient(at.logits(), &labels).unwrap();
    let product = |v: &[f64]| {
        let along = |image: usize, tangent: &[f64], out: &mut [f64]| {
            hessian_into(p.row(image).as_slice().unwrap(), tangent, share, out);
        };
        at.vjp_along(v, w.view(), &along).unwrap()
    };
    let [u, v] = [33, 34].map(|seed| draw::normal(seed, params.len()));
    let [hessian, gradient] = naive(graph, &params, &v, &images, &labels);
    assert_close(&format!("{what}: gradient"), &at.vjp(w.view()).unwrap(), &gradient, 1e-11);
    let of_v = product(&v);
    assert_close(&format!("{what}: Hessian"), &of_v, &hessian, 1e-10);
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let norm = |a: &[f64]| dot(a, a).sqrt();
    let gap = (dot(&u, &of_v) - dot(&product(&u), &v)).abs();
    assert!(gap <= 1e-10 * norm(&u) * norm(&of_v), "{what}: not symmetric by {gap:e}");
}

/// `block` between a token-wise dense layer and a dense layer, on 3 tokens of 4 numbers.
fn between(block: impl Fn(&mut GraphBuilder, Value) -> Value) -> Graph {
    let mut g = GraphBuilder::new(&[3, 4]);
    let x = g.dense_on_last_axis(g.input(), "Dense_0", &DenseSpec::new(4)).unwrap();
    let y = block(&mut g, x);
    let y = g.flatten(y);
    let y = g.dense(y, "Dense_1", CLASSES).unwrap();
    g.finish(y).unwrap()
}

#[test]
fn of_activations() {
    use Activation::{Elu, Gelu, GeluTanh, LeakyRelu, Sigmoid, Silu, Softplus, Tanh};
    for function in [LeakyRelu { slope: 0.2 }, Elu { alpha: 0.8 }, Gelu, GeluTanh, Silu, Tanh, Sigmoid, Softplus] {
        check(&format!("{function:?}"), &between(|g, x| g.activation(x, function)));
    }
}

#[test]
fn of_softmax() {
    for axis in [0, 1] {
        check(&format!("softmax over axis {axis}"), &between(|g, x| g.softmax_over(x, axis).unwrap()));
    }
    check(
        "softmax of a mask",
        &between(|g, x| {
            let mask = g.constant(&[3, 4], &[0.0, -1.0, -2.0, f64::NEG_INFINITY].repeat(3)).unwrap();
            let x = g.add(x, mask).unwrap();
            g.softmax(x).unwrap()
        }),
    );
}

#[test]
fn of_normalisations() {
    for (scale, shift) in [(true, true), (true, false), (false, true), (false, false)] {
        let spec = NormSpec { epsilon: 1e-3, scale, shift };
        let check = |kind: &str, graph: &Graph| check(&format!("{kind}, scale {scale}, shift {shift}"), graph);
        check("layer norm", &between(|g, x| g.layer_norm(x, "Norm", spec).unwrap()));
        check("layer norm of two axes", &between(|g, x| g.layer_norm_over(x, "Norm", 2, spec).unwrap()));
        check("group norm", &between(|g, x| g.group_norm(x, "Norm", 2, spec).unwrap()));
        check("instance norm", &between(|g, x| g.group_norm(x, "Norm", 4, spec).unwrap()));
        check("root-mean-square norm", &between(|g, x| g.rms_norm(x, "Norm", spec).unwrap()));
    }
}

/// Normalised inputs, a value with two readers, a rectifier in place, and normalisations of normalisations.
#[test]
fn of_a_network_with_every_smooth_operation() {
    let norm = NormSpec::default();
    let graph = between(|g, x| {
        let y = g.normalize(x, &[0.1, 0.2, -0.3, 0.0], &[0.5, 2.0, 1.0, 0.7]).unwrap();
        let y = g.layer_norm(y, "LayerNorm_0", norm).unwrap();
        let y = g.dense_on_last_axis(y, "Dense_2", &DenseSpec::new(6)).unwrap();
        let y = g.activation(y, Activation::Gelu);
        let y = g.group_norm(y, "GroupNorm_0", 3, norm).unwrap();
        let y = g.relu(y);
        let y = g.dense_on_last_axis(y, "Dense_3", &DenseSpec::new(4)).unwrap();
        let y = g.softmax(y).unwrap();
        let y = g.add(x, y).unwrap();
        let y = g.rms_norm(y, "RMSNorm_0", norm).unwrap();
        g.activation(y, Activation::Tanh)
    });
    check("every smooth operation", &graph);
}
