//! The Hessian of the mean loss of networks with smooth operations, against a network evaluated entry by entry in
//! hyper-dual numbers.

use super::agreement::assert_close;
use super::draw;
use super::number::{HyperDual, Number};
use minima_autodiff::softmax_cross_entropy::{hessian_into, mean_gradient, softmax};
use minima_autodiff::{
    Activation, DenseSpec, Graph, GraphBuilder, Initializer, Layer, LayerOperation, NormSpec, Rearrangement, Value,
};
use ndarray::{Array2, ArrayD, ArrayView1, Axis, IxDyn, Slice};

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
        LayerOperation::Embedding => params.to_vec(),
        LayerOperation::Multiply { .. } => input(0).iter().zip(input(1)).map(|(&a, &b)| a * b).collect(),
        &LayerOperation::Matmul { batch, rows, inner, columns, scale } => {
            let entry = |n: usize, i: usize, j: usize| {
                let term = |k: usize| input(0)[(n * rows + i) * inner + k] * input(1)[(n * inner + k) * columns + j];
                N::constant(scale) * (0..inner).fold(N::constant(0.0), |sum, k| sum + term(k))
            };
            (0..batch * rows * columns).map(|y| entry(y / (rows * columns), y / columns % rows, y % columns)).collect()
        }
        LayerOperation::Rearrange(Rearrangement::Transpose { shape, axes }) => {
            let x = ArrayD::from_shape_vec(IxDyn(shape), input(0).clone()).unwrap();
            x.permuted_axes(IxDyn(axes)).iter().copied().collect()
        }
        LayerOperation::Rearrange(Rearrangement::Slice { shape, axis, range }) => {
            let x = ArrayD::from_shape_vec(IxDyn(shape), input(0).clone()).unwrap();
            x.slice_axis(Axis(*axis), Slice::from(range.clone())).iter().copied().collect()
        }
        LayerOperation::Concat { outer, runs } => {
            let part = |o: usize, which: usize| &input(which)[o * runs[which]..(o + 1) * runs[which]];
            (0..*outer).flat_map(|o| (0..runs.len()).flat_map(move |which| part(o, which)).copied()).collect()
        }
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
        Activation::Clip { low, high } => {
            if x.value() <= low {
                N::constant(low)
            } else if x.value() > high {
                N::constant(high)
            } else {
                x
            }
        }
        Activation::Sqrt => x.sqrt(),
        Activation::Reciprocal => x.reciprocal(),
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
    use Activation::{Clip, Elu, Gelu, GeluTanh, LeakyRelu, Reciprocal, Sigmoid, Silu, Softplus, Sqrt, Tanh};
    for function in [LeakyRelu { slope: 0.2 }, Elu { alpha: 0.8 }, Gelu, GeluTanh, Silu, Tanh, Sigmoid, Softplus] {
        let graph = between(|g, x| g.activation(x, function));
        assert_eq!(graph.is_affine_in_each_parameter(), matches!(function, LeakyRelu { .. }), "{function:?}");
        check(&format!("{function:?}"), &graph);
    }
    let clipped = between(|g, x| g.activation(x, Clip { low: -0.3, high: 0.4 }));
    assert!(clipped.is_affine_in_each_parameter());
    check("clip", &clipped);
    for function in [Sqrt, Reciprocal] {
        let graph = between(|g, x| {
            let positive = g.activation(x, Softplus);
            g.activation(positive, function)
        });
        check(&format!("{function:?}"), &graph);
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

#[test]
fn of_products() {
    check("square", &between(|g, x| g.multiply(x, x).unwrap()));
    check(
        "product of matrices",
        &between(|g, x| {
            let transposed = g.transpose(x, &[1, 0]).unwrap();
            g.matmul(x, transposed, 0.7).unwrap()
        }),
    );
}

/// The sums of attention by its formula, and its Hessian.
#[test]
fn of_attention() {
    for heads in [1, 2, 4] {
        check(&format!("{heads} heads"), &between(|g, x| g.attention(x, "attn", heads).unwrap()));
    }
    let mut g = GraphBuilder::new(&[3, 4]);
    let x = g.input();
    assert!(g.attention(x, "attn", 3).unwrap_err().to_string().contains("multiple of the heads"));
    let y = g.attention(x, "attn", 2).unwrap();
    let y = g.flatten(y);
    let graph = g.finish(y).unwrap();
    let params = draw::normal(41, graph.parameter_count());
    let images = draw::matrix(42, (17, 12));
    let matrix = |name: &str, columns: usize| {
        let numbers: Vec<f64> = graph.view(&params, name).unwrap().iter().copied().collect();
        Array2::from_shape_vec((numbers.len() / columns, columns), numbers).unwrap()
    };
    let logits = graph.logits(&params, images.view()).unwrap();
    for (found, image) in logits.outer_iter().zip(images.outer_iter()) {
        let x = image.to_owned().into_shape_with_order((3, 4)).unwrap();
        let project =
            |of: &str| x.dot(&matrix(&format!("attn.{of}.kernel"), 4)) + matrix(&format!("attn.{of}.bias"), 4);
        let [q, k, v] = ["query", "key", "value"].map(project);
        let mut mixed = Array2::zeros((3, 4));
        for head in [0..2, 2..4] {
            let of_head = |x: &Array2<f64>| x.slice_axis(Axis(1), Slice::from(head.clone())).to_owned();
            let scores = of_head(&q).dot(&of_head(&k).t()) / 2.0_f64.sqrt();
            let weights = softmax(scores.view());
            mixed.slice_axis_mut(Axis(1), Slice::from(head.clone())).assign(&weights.dot(&of_head(&v)));
        }
        let expected = mixed.dot(&matrix("attn.out.kernel", 4)) + matrix("attn.out.bias", 4);
        assert_close("attention", found, &expected.into_flat(), 1e-13);
    }
}

/// A transformer's block after a class token and positions, with normalisation first.
#[test]
fn of_a_transformer() {
    let graph = between(|g, x| {
        let class = g.embedding("class", &[1, 1, 4], Initializer::Zeros).unwrap();
        let class = g.reshape(class, &[1, 4]).unwrap();
        let x = g.concat(&[class, x], 0).unwrap();
        let positions = g.embedding("positions", &[1, 4, 4], Initializer::Normal { deviation: 0.02 }).unwrap();
        let x = g.add(x, positions).unwrap();
        let y = g.layer_norm(x, "ln1", NormSpec::default()).unwrap();
        let y = g.attention(y, "attn", 2).unwrap();
        let x = g.add(x, y).unwrap();
        let y = g.layer_norm(x, "ln2", NormSpec::default()).unwrap();
        let y = g.dense_on_last_axis(y, "fc1", &DenseSpec::new(5)).unwrap();
        let y = g.activation(y, Activation::GeluTanh);
        let y = g.dense_on_last_axis(y, "fc2", &DenseSpec::new(4)).unwrap();
        let x = g.add(x, y).unwrap();
        g.slice(x, 0, 0..1).unwrap()
    });
    check("a transformer", &graph);
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
