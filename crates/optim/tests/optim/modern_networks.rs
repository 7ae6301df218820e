//! Every optimizer on a transformer, and on a residual network with groups, normalisation and smooth activations.

use minima_autodiff::softmax_cross_entropy::{hessian_factors, mean_loss, softmax};
use minima_autodiff::{
    Activation, Conv2dSpec, DenseSpec, Graph, GraphBuilder, Initializer, NormSpec, Padding, PoolSpec,
};
use minima_curvature::kfac::{KroneckerFactors, WeightSharing};
use minima_optim::{
    Adam, Arithmetic, Batch, Ekfac, EmulatedGaussNewton, GaussNewton, GgnVariant, Kfac, Muon, Optimizer, Sam,
    SecondOrder, Sgd,
};
use minima_rng::Key;
use ndarray::Array2;

const PIXELS: usize = 32;

/// Eight tokens of four numbers, a class token, learned positions, one block, and the class token's logits.
fn transformer() -> Graph {
    let mut g = GraphBuilder::new(&[PIXELS]);
    let x = g.reshape(g.input(), &[8, 4]).unwrap();
    let class = g.embedding("class", &[1, 1, 4], Initializer::Zeros).unwrap();
    let class = g.reshape(class, &[1, 4]).unwrap();
    let x = g.concat(&[class, x], 0).unwrap();
    let positions = g.embedding("positions", &[1, 9, 4], Initializer::Normal { deviation: 0.3 }).unwrap();
    let x = g.add(x, positions).unwrap();
    let y = g.layer_norm(x, "ln1", NormSpec::default()).unwrap();
    let y = g.attention(y, "attn", 2).unwrap();
    let x = g.add(x, y).unwrap();
    let y = g.layer_norm(x, "ln2", NormSpec::default()).unwrap();
    let y = g.dense_on_last_axis(y, "fc1", &DenseSpec::new(6)).unwrap();
    let y = g.activation(y, Activation::GeluTanh);
    let y = g.dense_on_last_axis(y, "fc2", &DenseSpec::new(4)).unwrap();
    let x = g.add(x, y).unwrap();
    let x = g.slice(x, 0, 0..1).unwrap();
    let x = g.flatten(x);
    let x = g.dense(x, "head", 3).unwrap();
    g.finish(x).unwrap()
}

/// A convolution with a border and no bias, group normalisation, a depthwise and dilated convolution around which the value
/// passes, SiLU, a mean over the image.
fn residual() -> Graph {
    let mut g = GraphBuilder::new(&[4, 4, 2]);
    let border = Padding::Explicit { low: [1, 1], high: [1, 1] };
    let stem = Conv2dSpec { padding: border, bias: false, ..Conv2dSpec::same(4, 3) };
    let x = g.conv2d(g.input(), "stem", stem).unwrap();
    let x = g.group_norm(x, "norm", 2, NormSpec { epsilon: 1e-5, ..NormSpec::default() }).unwrap();
    let x = g.activation(x, Activation::Silu);
    let depthwise = Conv2dSpec { groups: 4, dilation: [2, 1], ..Conv2dSpec::same(4, 3) };
    let y = g.conv2d(x, "depthwise", depthwise).unwrap();
    let x = g.add(x, y).unwrap();
    let x = g.relu(x);
    let x = g.avg_pool2d_padded(x, PoolSpec::new([3, 3], [2, 2]).with_padding(border).excluding_padding()).unwrap();
    let x = g.global_avg_pool(x).unwrap();
    let x = g.dense(x, "head", 3).unwrap();
    g.finish(x).unwrap()
}

/// Images whose class is visible in a third of their pixels.
fn data() -> (Array2<f64>, Vec<usize>) {
    let labels: Vec<usize> = (0..24).map(|i| i % 3).collect();
    let noise = Key::new(5).normal(24 * PIXELS);
    let pixel =
        |(i, j): (usize, usize)| 0.3 * f64::from(noise[i * PIXELS + j]) + if j % 3 == labels[i] { 1.0 } else { 0.0 };
    (Array2::from_shape_fn((24, PIXELS), pixel), labels)
}

#[test]
fn every_optimizer_trains_them() {
    let (images, labels) = data();
    let (single, batch) = (images.mapv(|x| x as f32), Batch::new(images.view(), &labels).unwrap());
    let reduce = WeightSharing::Reduce;
    for (network, graph) in [("transformer", transformer()), ("residual", residual())] {
        let optimizers: [(&str, Box<dyn Optimizer<f64>>); 10] = [
            ("sgd", Box::new(Sgd::new(0.03).with_momentum(0.9).with_weight_decay(1e-4))),
            ("adam", Box::new(Adam::new(0.02).with_weight_decay(1e-4))),
            ("sam", Box::new(Sam::new(Sgd::new(0.03).with_momentum(0.9), 0.02))),
            ("muon", Box::new(Muon::new(0.02, Adam::new(0.02)))),
            ("gauss-newton", Box::new(GaussNewton::mean().with_learning_rate(0.5).with_damping(0.1))),
            (
                "gauss-newton-cg",
                Box::new(SecondOrder::gauss_newton(GgnVariant::Mean).with_damping(0.1).with_cg(20, 1e-6)),
            ),
            ("kfac", Box::new(Kfac::new(0.05).with_damping(0.1))),
            ("kfac, reduce", Box::new(Kfac::new(0.05).with_damping(0.1).with_weight_sharing(reduce))),
            ("ekfac", Box::new(Ekfac::new(0.05).with_damping(0.1))),
            ("ekfac, reduce", Box::new(Ekfac::new(0.05).with_damping(0.1).with_weight_sharing(reduce))),
        ];
        for (name, mut optimizer) in optimizers {
            let mut params: Vec<f64> = graph.init(42);
            let before = optimizer.step(&graph, &mut params, &batch).unwrap().loss;
            for _ in 0..60 {
                optimizer.step(&graph, &mut params, &batch).unwrap();
            }
            let after = mean_loss(graph.logits(&params, images.view()).unwrap().view(), &labels).unwrap();
            println!("{network}, {name}: {before:.4} to {after:.4}");
            assert!(after < 0.2 * before, "{network}, {name}: {before} to {after}");
        }
        let mut params: Vec<f32> = graph.init(42);
        let batch = Batch::new(single.view(), &labels).unwrap();
        let mut emulated = EmulatedGaussNewton::new(GgnVariant::Mean, Arithmetic::F32);
        let before = emulated.step(&graph, &mut params, &batch).unwrap().loss;
        let after = emulated.step(&graph, &mut params, &batch).unwrap().loss;
        assert!(after < before, "{network}, emulated Gauss-Newton: {before} to {after}");
    }
}

/// The exact step solves in function space what conjugate gradients solve with products of the parameters' size.
#[test]
fn the_exact_step_is_the_limit_of_conjugate_gradients() {
    let (images, labels) = data();
    let batch = Batch::new(images.view(), &labels).unwrap();
    for graph in [transformer(), residual()] {
        let start: Vec<f64> = graph.init(3);
        let step = |mut optimizer: SecondOrder<f64>| {
            let mut params = start.clone();
            optimizer.step(&graph, &mut params, &batch).unwrap();
            params.iter().zip(&start).map(|(to, from)| to - from).collect::<Vec<f64>>()
        };
        let options = || SecondOrder::gauss_newton(GgnVariant::Mean).with_damping(0.1);
        let (exact, cg) = (step(options()), step(options().with_cg(400, 1e-12)));
        let norm = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
        let apart: Vec<f64> = exact.iter().zip(&cg).map(|(a, b)| a - b).collect();
        // The residual of the system is 1e-12 of the gradient, and the condition number is below 1e3.
        assert!(norm(&apart) <= 1e-8 * norm(&exact), "{} of {}", norm(&apart), norm(&exact));
    }
}

/// The blocks of scales, shifts and embeddings are the diagonal of the Fisher matrix.
#[test]
fn elementwise_blocks_are_exact() {
    let (images, _) = data();
    for graph in [transformer(), residual()] {
        let params: Vec<f64> = graph.init(3);
        let at = graph.linearize(&params, images.view()).unwrap();
        let cotangents = hessian_factors(softmax(at.logits()).view());
        let factors = KroneckerFactors::estimate(&at, cotangents.view(), WeightSharing::Expand).unwrap();
        assert_eq!(factors.parameter_count(), graph.parameter_count());
        let ranges: Vec<_> = factors.diagonals.iter().map(|block| block.params.clone()).collect();
        assert_eq!(ranges, graph.elementwise_parameters());
        let mut diagonal = vec![0.0; params.len()];
        for w in cotangents.outer_iter() {
            for gradient in at.per_sample_gradients(w).unwrap().outer_iter() {
                diagonal.iter_mut().zip(&gradient).for_each(|(sum, g)| *sum += g * g / images.nrows() as f64);
            }
        }
        for block in &factors.diagonals {
            for (found, expected) in block.entries.iter().zip(&diagonal[block.params.clone()]) {
                assert!((found - expected).abs() <= 1e-13 * expected.abs().max(1e-6), "{found} {expected}");
            }
        }
    }
}
