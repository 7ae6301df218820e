//! Parts of a training step beside the optimizer: factors of the learning rate, clipped gradients, and TRADES.

use minima_autodiff::loss::SoftmaxCrossEntropy;
use minima_autodiff::{Engine, Graph, GraphBuilder, StepReport};
use minima_optim::{
    Adam, Arithmetic, Batch, Ekfac, EmulatedGaussNewton, GaussNewton, GgnVariant, GradientOptimizer, Kfac, Muon,
    OptimError, Optimizer, Sam, SecondOrder, Sgd, clip_to_norm, divergence, trades_gradient,
};
use minima_rng::Key;
use ndarray::Array2;

fn graph(features: usize) -> Graph {
    let mut g = GraphBuilder::new(&[features]);
    let x = g.dense(g.input(), "Dense_0", 5).unwrap();
    let x = g.relu(x);
    let x = g.dense(x, "Dense_1", 3).unwrap();
    g.finish(x).unwrap()
}

fn images(seed: u64, number: usize) -> Array2<f64> {
    let numbers = Key::new(seed).uniform(4 * number).into_iter().map(f64::from).collect();
    Array2::from_shape_vec((number, 4), numbers).unwrap()
}

type Build = fn(f64) -> Box<dyn Optimizer<f64>>;

const OPTIMIZERS: [(&str, Build); 10] = [
    ("sgd", |rate| Box::new(Sgd::new(rate).with_weight_decay(0.1))),
    ("momentum", |rate| Box::new(Sgd::new(rate).with_momentum(0.9).with_nesterov())),
    ("adam", |rate| Box::new(Adam::new(rate).with_weight_decay(0.1))),
    ("sam", |rate| Box::new(Sam::new(Sgd::<f64>::new(rate), 0.05))),
    ("muon", |rate| Box::new(Muon::new(rate, Sgd::<f64>::new(rate).with_momentum(0.9)))),
    ("gauss-newton", |rate| Box::new(GaussNewton::mean().with_learning_rate(rate))),
    ("emulated", |rate| {
        Box::new(EmulatedGaussNewton::new(GgnVariant::Mean, Arithmetic::Bf16).with_learning_rate(rate))
    }),
    ("gauss-newton-cg", |rate| {
        Box::new(SecondOrder::gauss_newton(GgnVariant::Mean).with_cg(5, 1e-6).with_learning_rate(rate))
    }),
    ("kfac", |rate| Box::new(Kfac::new(rate))),
    ("ekfac", |rate| Box::new(Ekfac::new(rate))),
];

/// The parameters after three steps, with these factors of the learning rate.
fn steps(build: Build, rate: f64, factors: [Option<f64>; 3]) -> Vec<f64> {
    let (graph, images) = (graph(4), images(1, 6));
    let batch = Batch::new(images.view(), &[0, 1, 2, 0, 1, 2]).unwrap();
    let (mut optimizer, mut params) = (build(rate), graph.init::<f64>(42));
    for factor in factors {
        if let Some(factor) = factor {
            optimizer.set_learning_rate_factor(factor);
        }
        optimizer.step(&graph, &mut params, &batch).unwrap();
    }
    params
}

#[test]
fn a_factor_of_the_learning_rate_is_another_learning_rate() {
    for (name, build) in OPTIMIZERS {
        let plain = steps(build, 0.25, [None; 3]);
        assert_eq!(steps(build, 0.25, [Some(1.0); 3]), plain, "{name}");
        assert_eq!(steps(build, 0.5, [Some(0.5), None, None]), plain, "{name}");
        assert_ne!(steps(build, 0.25, [None, None, Some(0.5)]), plain, "{name}");
        assert_eq!(steps(build, 0.25, [Some(0.0); 3]), graph(4).init::<f64>(42), "{name}");
        for wrong in [-0.5, 1.5, f64::NAN] {
            let mut optimizer = build(0.25);
            optimizer.set_learning_rate_factor(wrong);
            let found = optimizer.check();
            assert!(matches!(found, Err(OptimError::Option { option: "learning_rate_factor", .. })), "{name}");
        }
    }
}

/// Expected values: PyTorch 2.15.0 in float64, three steps on `(p**2 * [1.0, 0.5]).sum()` from `[1.0, -2.0]`, each
/// `backward(); clip_grad_norm_([p], 1.5); step()`. The parameters are a kernel, which decays.
#[test]
fn momentum_and_clipping_agree_with_pytorch() {
    let mut g = GraphBuilder::new(&[2]);
    let without_bias = minima_autodiff::DenseSpec { bias: false, ..minima_autodiff::DenseSpec::new(1) };
    let y = g.dense_on_last_axis(g.input(), "Dense_0", &without_bias).unwrap();
    let graph = g.finish(y).unwrap();
    let follow = |mut sgd: Sgd<f64>| {
        let mut params = vec![1.0, -2.0];
        for _ in 0..3 {
            let step = sgd.step_with(&graph, &mut params, &|p| {
                let mut gradient = vec![2.0 * p[0], p[1]];
                clip_to_norm(&mut gradient, 1.5);
                Ok((StepReport { loss: 0.0, correct: 0 }, gradient))
            });
            step.unwrap();
        }
        params
    };
    // SGD([p], lr=0.1, momentum=0.9)
    let found = follow(Sgd::new(0.1).with_momentum(0.9));
    for (found, expected) in found.iter().zip([0.4215769657653647, -1.3895181723092247]) {
        assert!((found - expected).abs() < 1e-14, "{found}");
    }
    // SGD([p], lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.1)
    let found = follow(Sgd::new(0.1).with_momentum(0.9).with_nesterov().with_weight_decay(0.1));
    for (found, expected) in found.iter().zip([0.140416229478017, -0.9522047471764281]) {
        assert!((found - expected).abs() < 1e-14, "{found}");
    }
}

#[test]
fn a_step_with_the_gradient_of_a_batch_is_a_step_on_the_batch() {
    let (graph, images) = (graph(4), images(2, 6));
    let batch = Batch::new(images.view(), &[0, 1, 2, 0, 1, 2]).unwrap();
    let optimizers = || -> [Box<dyn GradientOptimizer<f64>>; 4] {
        let sam = Sam::new(Adam::<f64>::new(0.01), 0.05).with_adaptive();
        let muon = Muon::new(0.05, Adam::<f64>::new(0.01));
        [Box::new(Sgd::new(0.1).with_momentum(0.9)), Box::new(Adam::new(0.01)), Box::new(sam), Box::new(muon)]
    };
    for (mut one, mut other) in optimizers().into_iter().zip(optimizers()) {
        let (mut params, mut same) = (graph.init::<f64>(3), graph.init::<f64>(3));
        for _ in 0..4 {
            let a = one.step(&graph, &mut params, &batch).unwrap();
            let b = other.step_with(&graph, &mut same, &|params| Ok(graph.gradient(params, &batch)?)).unwrap();
            assert_eq!((a, &params), (b, &same));
        }
    }
}

/// The objective of TRADES, from its definition.
fn trades(graph: &Graph, params: &[f64], batch: &Batch<'_, f64>, near: &Array2<f64>, beta: f64) -> f64 {
    let clean = graph.logits(params, batch.images()).unwrap();
    let adversarial = graph.logits(params, near.view()).unwrap();
    let divergences =
        clean.outer_iter().zip(adversarial.outer_iter()).map(|(p, q)| divergence(&p.to_vec(), &q.to_vec()));
    batch.loss().mean(clean.view(), batch.labels()).unwrap() + beta * divergences.sum::<f64>() / batch.len() as f64
}

#[test]
fn the_gradient_of_trades_is_the_derivative() {
    let (graph, images, near) = (graph(4), images(3, 5), images(4, 5));
    let smoothed = SoftmaxCrossEntropy::default().with_label_smoothing(0.2).unwrap();
    for loss in [SoftmaxCrossEntropy::default(), smoothed] {
        let batch = Batch::with_loss(images.view(), &[2, 1, 0, 1, 1], &loss).unwrap();
        let params: Vec<f64> = graph.init(5);
        let (report, gradient) = trades_gradient(&graph, &params, &batch, near.view(), 6.0).unwrap();
        assert!((report.loss - trades(&graph, &params, &batch, &near, 6.0)).abs() < 1e-14);
        let h = 1e-6;
        for (place, &found) in gradient.iter().enumerate() {
            let at = |by: f64| {
                let mut params = params.clone();
                params[place] += by;
                trades(&graph, &params, &batch, &near, 6.0)
            };
            let difference = (at(h) - at(-h)) / (2.0 * h);
            assert!((found - difference).abs() < 1e-8, "{place}: {found} {difference}");
        }
    }
    // The gradient of plain cross-entropy at β = 0.
    let batch = Batch::new(images.view(), &[2, 1, 0, 1, 1]).unwrap();
    let params: Vec<f64> = graph.init(5);
    let found = trades_gradient(&graph, &params, &batch, near.view(), 0.0).unwrap();
    let expected = graph.gradient(&params, &batch).unwrap();
    assert_eq!(found.0, expected.0);
    assert!(found.1.iter().zip(&expected.1).all(|(f, e)| (f - e).abs() < 1e-15));
    let few = self::images(4, 3);
    assert!(matches!(trades_gradient(&graph, &params, &batch, few.view(), 1.0), Err(OptimError::Autodiff(_))));
}

#[test]
fn divergences_are_those_of_the_probabilities() {
    // p = (3/4, 1/4) and q = (1/2, 1/2): KL = 3/4 ln(3/2) + 1/4 ln(1/2).
    let expected = 0.75 * 1.5_f64.ln() + 0.25 * 0.5_f64.ln();
    assert!((divergence(&[3.0_f64.ln(), 0.0], &[7.0, 7.0]) - expected).abs() < 1e-15);
    assert_eq!(divergence(&[1.0_f32, -2.0], &[1.0, -2.0]), 0.0);
    assert!((divergence(&[0.0_f64, -1000.0], &[0.0, 0.0]) - 2.0_f64.ln()).abs() < 1e-15);
}
