//! Steps of K-FAC and EKFAC, compared with the operators they use.

use crate::weight_decay::decayed;
use minima_autodiff::softmax_cross_entropy::mean_gradient;
use minima_autodiff::{AutodiffError, Conv2dSpec, DenseSpec, Graph, GraphBuilder, Initializer, Scalar};
use minima_curvature::kfac::{
    Ekfac as EkfacOperator, Kfac as KfacOperator, KroneckerFactors, LayerGradients, WeightSharing,
};
use minima_curvature::kfac::{label_residuals, sampled_residuals};
use minima_curvature::{CurvatureError, LinearOperator};
use minima_optim::{Batch, Ekfac, Kfac, KroneckerCurvature, KroneckerStep, OptimError, Optimizer};
use minima_rng::Key;
use ndarray::{Array2, Axis};

const IMAGES: usize = 24;

fn network() -> Graph {
    let mut g = GraphBuilder::new(&[4, 4, 1]);
    let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(3, 3)).unwrap();
    let x = g.relu(x);
    let x = g.avg_pool2d(x, [2, 2], [2, 2]).unwrap();
    let x = g.flatten(x);
    let x = g.dense(x, "Dense_0", 3).unwrap();
    g.finish(x).unwrap()
}

/// Images that are brighter in the part that encodes their label.
fn pictures<T: Scalar>() -> (Array2<T>, Vec<usize>) {
    let labels: Vec<usize> = (0..IMAGES).map(|i| i % 3).collect();
    let images = Array2::from_shape_fn((IMAGES, 16), |(i, j)| {
        let bright = [j < 8, j >= 8, j % 4 < 2][i % 3];
        T::from_f64(((i * i * 7 + j * 11 + i * j) % 13) as f64 / 26.0 + if bright { 0.5 } else { 0.0 })
    });
    (images, labels)
}

fn gradient(graph: &Graph, params: &[f64], batch: &Batch<'_, f64>) -> Vec<f64> {
    let at = graph.linearize(params, batch.images()).unwrap();
    at.vjp(mean_gradient(at.logits(), batch.labels()).unwrap().view()).unwrap()
}

#[track_caller]
fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    let apart: f64 = found.iter().zip(expected).map(|(f, e)| (f - e).powi(2)).sum();
    let apart = (apart / expected.iter().map(|e| e * e).sum::<f64>()).sqrt();
    assert!(apart < tolerance, "apart by {apart:e}");
}

#[test]
fn first_steps_follow_the_formulas() {
    let graph = network();
    let (images, labels) = pictures();
    let batch = Batch::new(images.view(), &labels).unwrap();
    let (rate, damping, momentum, decay) = (0.1, 0.05, 0.5, 0.03);
    let mut optimizer = Kfac::new(rate).with_damping(damping).with_momentum(momentum).with_weight_decay(decay);
    optimizer = optimizer.without_kl_clip().with_seed(9).with_statistics_every(100).with_inverse_every(2);
    // Less than one half, so the second batch has more weight than in a plain mean.
    optimizer = optimizer.with_decay(0.3);

    let mut params: Vec<f64> = graph.init(4);
    let (mut expected, mut velocity) = (params.clone(), vec![0.0; params.len()]);
    let mut sum: Option<KroneckerFactors<f64>> = None;
    for step in 1..=2 {
        let at = graph.linearize(&expected, images.view()).unwrap();
        let w = sampled_residuals(at.logits(), 1, Key::new(9).fold_in(step));
        let factors = KroneckerFactors::estimate(&at, w.view(), WeightSharing::Expand).unwrap();
        let mean = match sum.take() {
            None => factors,
            Some(mut sum) => {
                sum.mix(&factors, 0.7).unwrap();
                sum
            }
        };
        // The term δ ‖θ‖² / 2 of the kernels adds to the gradient, and δ to the damping.
        let g = gradient(&graph, &expected, &batch);
        let g: Vec<f64> = g.iter().zip(decayed(&graph, &expected)).map(|(g, p)| g + decay * p).collect();
        let direction = KfacOperator::new(mean.clone()).unwrap().inverse(damping + decay).unwrap().apply(&g).unwrap();
        for ((p, v), d) in expected.iter_mut().zip(&mut velocity).zip(direction) {
            *v = momentum * *v + d;
            *p -= rate * *v;
        }
        sum = Some(mean);
        optimizer.step(&graph, &mut params, &batch).unwrap();
        assert_close(&params, &expected, 1e-12);
    }
}

/// A token-wise layer without bias, an embedding, and a dense layer: all kinds of blocks, in both forms of sharing.
#[test]
fn every_parameter_moves_along_its_own_block() {
    let mut g = GraphBuilder::new(&[4, 4]);
    let x = g.dense_on_last_axis(g.input(), "Dense_0", &DenseSpec { bias: false, ..DenseSpec::new(3) }).unwrap();
    let positions = g.embedding("positions", &[4, 3], Initializer::Normal { deviation: 0.3 }).unwrap();
    let x = g.add(x, positions).unwrap();
    let x = g.relu(x);
    let x = g.flatten(x);
    let x = g.dense(x, "Dense_1", 3).unwrap();
    let graph = g.finish(x).unwrap();
    let (images, labels) = pictures();
    let batch = Batch::new(images.view(), &labels).unwrap();
    let start: Vec<f64> = graph.init(4);
    let at = graph.linearize(&start, images.view()).unwrap();
    let w = label_residuals(at.logits(), &labels).unwrap();
    let g = gradient(&graph, &start, &batch);
    let stepped = |optimizer: &mut dyn Optimizer<f64>| {
        let mut params = start.clone();
        optimizer.step(&graph, &mut params, &batch).unwrap();
        params.iter().zip(&start).map(|(p, s)| (s - p) / 0.1).collect::<Vec<f64>>()
    };
    let mut seen = Vec::new();
    for sharing in [WeightSharing::Expand, WeightSharing::Reduce] {
        let factors = KroneckerFactors::estimate(&at, w.view(), sharing).unwrap();
        let expected = KfacOperator::new(factors.clone()).unwrap().inverse(0.05).unwrap().apply(&g).unwrap();
        let kfac = Kfac::new(0.1).with_damping(0.05).without_kl_clip().with_empirical_fisher();
        let found = stepped(&mut kfac.with_weight_sharing(sharing));
        assert_close(&found, &expected, 1e-12);
        seen.push(found);

        let mut operator = EkfacOperator::of_factors(&factors).unwrap();
        operator.observe(&LayerGradients::of(&at, w.index_axis(Axis(0), 0)).unwrap(), 0.5).unwrap();
        let expected = operator.inverse(0.05).unwrap().apply(&g).unwrap();
        let ekfac = Ekfac::new(0.1).with_damping(0.05).without_kl_clip().with_empirical_fisher();
        assert_close(&stepped(&mut ekfac.with_weight_sharing(sharing)), &expected, 1e-12);
    }
    assert_ne!(seen[0], seen[1]);
    // The embedding's block does not depend on it: it is diagonal, with the mean squares of its gradients.
    let own = &graph.parameters().iter().find(|p| p.name == "positions").unwrap().range;
    let squares = at.per_sample_gradients(w.index_axis(Axis(0), 0)).unwrap().mapv(|x| x * x);
    let squares = squares.mean_axis(Axis(0)).unwrap();
    for found in &seen {
        let expected: Vec<f64> = own.clone().map(|i| g[i] / (squares[i] + 0.05)).collect();
        assert_close(&found[own.clone()], &expected, 1e-12);
    }
}

#[test]
fn kl_clip_limits_the_first_step() {
    let graph = network();
    let (images, labels) = pictures();
    let batch = Batch::new(images.view(), &labels).unwrap();
    let start: Vec<f64> = graph.init(4);
    let stepped = |optimizer: Kfac<f64>| {
        let (mut optimizer, mut params) = (optimizer, start.clone());
        optimizer.step(&graph, &mut params, &batch).unwrap();
        params.iter().zip(&start).map(|(p, s)| p - s).collect::<Vec<f64>>()
    };
    let free = stepped(Kfac::new(0.5).without_kl_clip());
    let g = gradient(&graph, &start, &batch);
    // The step is −η d: η² dᵀg = −η stepᵀg.
    let of_step = -0.5 * free.iter().zip(&g).map(|(s, g)| s * g).sum::<f64>();
    let kappa = of_step / 16.0;
    let quarter: Vec<f64> = free.iter().map(|s| s / 4.0).collect();
    assert_close(&stepped(Kfac::new(0.5).with_kl_clip(kappa)), &quarter, 1e-12);
    assert_eq!(stepped(Kfac::new(0.5).with_kl_clip(2.0 * of_step)), free);
}

#[test]
fn kl_clip_counts_weight_decay_and_comes_before_momentum() {
    let graph = network();
    let (images, labels) = pictures();
    let batch = Batch::new(images.view(), &labels).unwrap();
    let (rate, momentum, decay, kappa) = (0.5, 0.5, 0.2, 1e-3);
    let base = || Kfac::<f64>::new(rate).with_weight_decay(decay).with_empirical_fisher();
    let mut clipped = base().with_momentum(momentum).with_kl_clip(kappa);
    let (mut params, mut velocity): (Vec<f64>, Vec<f64>) = (graph.init(4), vec![0.0; graph.parameter_count()]);
    let mut free = base().with_momentum(0.0).without_kl_clip();
    for _ in 0..2 {
        // The direction d of the same curvature at the same point, from a step −η d that is discarded.
        let mut there = params.clone();
        free.step(&graph, &mut there, &batch).unwrap();
        let direction: Vec<f64> = params.iter().zip(&there).map(|(p, t)| (p - t) / rate).collect();
        let slope: f64 = gradient(&graph, &params, &batch)
            .iter()
            .zip(decayed(&graph, &params))
            .zip(&direction)
            .map(|((g, p), d)| (g + decay * p) * d)
            .sum();
        let scale = (kappa / (rate * rate * slope)).sqrt();
        assert!(scale < 1.0, "{scale}: not the case that is meant");
        let expected: Vec<f64> = params
            .iter()
            .zip(&mut velocity)
            .zip(&direction)
            .map(|((p, v), d)| {
                *v = momentum * *v + scale * d;
                p - rate * *v
            })
            .collect();
        clipped.step(&graph, &mut params, &batch).unwrap();
        // Steps are a few hundredths of the parameters, which are rounded at 1e-16.
        assert_close(&params, &expected, 1e-13);
    }
}

#[test]
fn ekfac_refines_moments_between_bases() {
    let graph = network();
    let (images, labels) = pictures();
    let batch = Batch::new(images.view(), &labels).unwrap();
    let mut optimizer = Ekfac::new(0.1).with_damping(0.05).with_momentum(0.0).without_kl_clip().with_empirical_fisher();
    optimizer = optimizer.with_decay(0.3);
    let mut params: Vec<f64> = graph.init(4);
    let mut expected = params.clone();
    let mut operator: Option<EkfacOperator<f64>> = None;
    let mut factors: Option<KroneckerFactors<f64>> = None;
    // Steps 1 and 2 observe and refresh; step 3 does neither.
    for step in 1..=3_u32 {
        let at = graph.linearize(&expected, images.view()).unwrap();
        let w = label_residuals(at.logits(), &labels).unwrap();
        if step < 3 {
            let newer = KroneckerFactors::estimate(&at, w.view(), WeightSharing::Expand).unwrap();
            let mean = match factors.take() {
                None => newer,
                Some(mut mean) => {
                    mean.mix(&newer, 0.7).unwrap();
                    mean
                }
            };
            let mut based = match &operator {
                None => EkfacOperator::of_factors(&mean).unwrap(),
                Some(older) => older.rebased(&mean).unwrap(),
            };
            let gradients = LayerGradients::of(&at, w.index_axis(Axis(0), 0)).unwrap();
            // K-FAC's own moments are the first observation.
            based.observe(&gradients, 0.7).unwrap();
            (operator, factors) = (Some(based), Some(mean));
        }
        let inverse = operator.as_ref().unwrap().inverse(0.05).unwrap();
        let direction = inverse.apply(&gradient(&graph, &expected, &batch)).unwrap();
        expected.iter_mut().zip(direction).for_each(|(p, d)| *p -= 0.1 * d);
        optimizer.step(&graph, &mut params, &batch).unwrap();
        assert_close(&params, &expected, 1e-12);
    }
}

/// The mean loss before the first step and after 40 steps, and the parameters.
fn losses<T: Scalar, C: KroneckerCurvature<T>>(mut optimizer: KroneckerStep<C, T>) -> (f64, f64, Vec<T>) {
    let graph = network();
    let (images, labels) = pictures();
    let batch = Batch::new(images.view(), &labels).unwrap();
    let mut params: Vec<T> = graph.init(4);
    let first = optimizer.step(&graph, &mut params, &batch).unwrap().loss;
    for _ in 0..39 {
        optimizer.step(&graph, &mut params, &batch).unwrap();
    }
    let last = optimizer.step(&graph, &mut params, &batch).unwrap().loss;
    (first, last, params)
}

#[test]
fn the_loss_falls_in_both_precisions() {
    for (first, last) in [
        losses(Kfac::<f64>::new(0.03)),
        losses(Ekfac::<f64>::new(0.03)),
        losses(Kfac::<f64>::new(0.03).with_empirical_fisher()),
    ]
    .map(|(first, last, _)| (first, last))
    {
        assert!(last < 0.1 * first, "{first} {last}");
    }
    for (first, last, _) in [losses(Kfac::<f32>::new(0.03)), losses(Ekfac::<f32>::new(0.03))] {
        assert!(last < 0.1 * first, "{first} {last}");
    }
}

#[test]
fn steps_do_not_depend_on_the_number_of_threads() {
    let run = |threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
            .install(|| (losses(Kfac::<f32>::new(0.03)).2, losses(Ekfac::<f32>::new(0.03)).2))
    };
    assert!(run(1) == run(3));
}

fn spoiled_batch_leaves_nothing<C: KroneckerCurvature<f64>>(mut optimizer: KroneckerStep<C, f64>, steps: usize) {
    let graph = network();
    let (images, labels) = pictures();
    let mut spoiled = images.clone();
    spoiled[[5, 9]] = f64::NAN;
    let (batch, spoiled) = (Batch::new(images.view(), &labels).unwrap(), Batch::new(spoiled.view(), &labels).unwrap());
    let mut params: Vec<f64> = graph.init(4);
    let (mut untroubled, mut expected) = (optimizer.clone(), params.clone());
    for _ in 0..steps {
        optimizer.step(&graph, &mut params, &batch).unwrap();
        untroubled.step(&graph, &mut expected, &batch).unwrap();
    }
    let error = optimizer.step(&graph, &mut params, &spoiled).unwrap_err();
    assert!(matches!(error, OptimError::Curvature(CurvatureError::NotFinite { .. })), "{error}");
    assert_eq!(params, expected);
    for _ in 0..4 {
        optimizer.step(&graph, &mut params, &batch).unwrap();
        untroubled.step(&graph, &mut expected, &batch).unwrap();
        assert_eq!(params, expected);
    }
}

#[test]
fn nothing_of_a_batch_that_is_not_finite_stays() {
    // Steps 1, 2 and 4 observe and refresh, and step 3 does neither; with statistics of every batch, step 3 observes
    // only.
    for steps in 0..4 {
        spoiled_batch_leaves_nothing(Kfac::new(0.03), steps);
        spoiled_batch_leaves_nothing(Ekfac::new(0.03), steps);
        spoiled_batch_leaves_nothing(Kfac::new(0.03).with_statistics_every(1), steps);
        spoiled_batch_leaves_nothing(Ekfac::new(0.03).with_statistics_every(1), steps);
    }
}

#[test]
fn errors_leave_the_parameters() {
    let graph = network();
    let (images, labels) = pictures();
    let wrong = vec![3; IMAGES];
    let (batch, wrong) = (Batch::new(images.view(), &labels).unwrap(), Batch::new(images.view(), &wrong).unwrap());
    let start: Vec<f64> = graph.init(4);
    let mut params = start.clone();
    let mut fails = |mut optimizer: Kfac<f64>, batch: &Batch<'_, f64>| {
        let error = optimizer.step(&graph, &mut params, batch).unwrap_err();
        assert_eq!(params, start);
        error
    };
    for (optimizer, option) in [
        (Kfac::new(0.1).with_damping(0.0), "damping"),
        (Kfac::new(0.1).with_damping(f64::NAN), "damping"),
        (Kfac::new(0.1).with_decay(1.0), "decay"),
        (Kfac::new(0.1).with_statistics_every(0), "statistics_every"),
        (Kfac::new(0.1).with_inverse_every(0), "inverse_every"),
        (Kfac::new(f64::NAN), "learning_rate"),
        (Kfac::new(-0.1), "learning_rate"),
        (Kfac::new(0.1).with_damping(f64::INFINITY), "damping"),
        (Kfac::new(0.1).with_momentum(1.0), "momentum"),
        (Kfac::new(0.1).with_weight_decay(-1e-3), "weight_decay"),
        (Kfac::new(0.1).with_kl_clip(f64::NAN), "kl_clip"),
        (Kfac::new(0.1).with_kl_clip(0.0), "kl_clip"),
    ] {
        let error = fails(optimizer, &batch);
        assert!(matches!(error, OptimError::Option { option: found, .. } if found == option), "{error}");
    }
    let error = fails(Kfac::new(0.1), &wrong);
    assert!(matches!(error, OptimError::Autodiff(AutodiffError::Label { found: 3, .. })), "{error}");
    let mut params = vec![f64::NAN; start.len()];
    let error = Kfac::new(0.1).step(&graph, &mut params, &batch).unwrap_err();
    assert!(matches!(error, OptimError::Curvature(_)), "{error}");
}

/// A batch fitted with any margin: in single precision `δδᵀ` is subnormal from a margin of 44 and 0 from 53.
#[test]
fn kronecker_steps_work_at_every_margin() {
    use ndarray::Array2;
    let mut g = GraphBuilder::new(&[3]);
    let x = g.dense(g.input(), "Dense_0", 3).unwrap();
    let graph = g.finish(x).unwrap();
    let images = Array2::<f32>::eye(3);
    let batch = Batch::new(images.view(), &[0, 1, 2]).unwrap();
    for margin in (0..=120).map(|m| m as f32) {
        // The kernel is margin · I.
        let mut fitted: Vec<f32> = vec![0.0; graph.parameter_count()];
        (0..3).for_each(|i| fitted[3 + 3 * i + i] = margin);
        if margin == 44.0 {
            let logits = graph.logits(&fitted, images.view()).unwrap();
            assert_eq!(logits, Array2::<f32>::eye(3) * margin);
        }
        for kfac in [false, true] {
            let mut params = fitted.clone();
            let step = if kfac {
                minima_optim::Kfac::<f32>::new(0.1).step(&graph, &mut params, &batch)
            } else {
                minima_optim::Ekfac::<f32>::new(0.1).step(&graph, &mut params, &batch)
            };
            step.unwrap_or_else(|error| panic!("margin {margin}: {error}"));
            assert!(params.iter().all(|p| p.is_finite()), "{margin}");
        }
    }
}
