//! Optimizers with other losses than softmax cross-entropy, and the limit of an exact step's memory.

use crate::weight_decay::decayed;
use minima_autodiff::{
    AutodiffError, Graph, GraphBuilder, Loss, SoftmaxCrossEntropy, SquaredError, softmax_cross_entropy,
};
use minima_curvature::{CurvatureError, Fisher, Ggn, LinearOperator, Objective};
use minima_linalg::solve_general;
use minima_optim::{
    Adam, Arithmetic, Armijo, Batch, Curvature, Ekfac, EmulatedGaussNewton, FisherKind, GaussNewton, GgnVariant, Kfac,
    LevenbergMarquardt, Muon, OptimError, Optimizer, Sam, SecondOrder, Sgd,
};
use minima_rng::Key;
use ndarray::{Array1, Array2, Axis, concatenate};

const IMAGES: usize = 18;
const CLASSES: usize = 3;

struct Problem {
    graph: Graph,
    params: Vec<f64>,
    images: Array2<f64>,
    labels: Vec<usize>,
}

fn normal(seed: u64, rows: usize, columns: usize) -> Array2<f64> {
    let numbers = Key::new(seed).normal(rows * columns).into_iter().map(f64::from).collect();
    Array2::from_shape_vec((rows, columns), numbers).unwrap()
}

impl Problem {
    /// A linear network, or one with a hidden layer.
    fn new(hidden: Option<usize>) -> Self {
        let mut g = GraphBuilder::new(&[4]);
        let x = match hidden {
            None => g.input(),
            Some(units) => {
                let x = g.dense(g.input(), "Hidden", units).unwrap();
                g.relu(x)
            }
        };
        let x = g.dense(x, "Dense_0", CLASSES).unwrap();
        let graph = g.finish(x).unwrap();
        let params = normal(2, 1, graph.parameter_count()).into_flat().to_vec();
        Self { graph, params, images: normal(3, IMAGES, 4), labels: (0..IMAGES).map(|i| i * 7 % CLASSES).collect() }
    }

    fn batch<'a>(&'a self, loss: &'a dyn Loss) -> Batch<'a, f64> {
        Batch::with_loss(self.images.view(), &self.labels, loss).unwrap()
    }

    fn loss(&self, loss: &dyn Loss, params: &[f64]) -> f64 {
        loss.mean(self.graph.logits(params, self.images.view()).unwrap().view(), &self.labels).unwrap()
    }
}

fn losses() -> [Box<dyn Loss>; 3] {
    let plain = SoftmaxCrossEntropy::default;
    let weighted = plain().with_class_weights(&[0.5, 2.0, 1.25]).unwrap();
    [
        Box::new(SquaredError),
        Box::new(plain().with_label_smoothing(0.2).unwrap()),
        Box::new(weighted.with_label_smoothing(0.1).unwrap()),
    ]
}

/// `‖found − expected‖ / ‖expected‖`.
fn relative_error(found: &[f64], expected: &[f64]) -> f64 {
    let norm = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>().sqrt();
    norm(&mut found.iter().zip(expected).map(|(f, e)| f - e)) / norm(&mut expected.iter().copied())
}

#[test]
fn one_exact_step_with_squared_error_on_a_linear_network_is_the_least_squares_solution() {
    let problem = Problem::new(None);
    // Least squares by the normal equations, with a column of ones for the bias.
    let x = concatenate![Axis(1), Array2::ones((IMAGES, 1)), problem.images];
    let y = Array2::from_shape_fn((IMAGES, CLASSES), |(i, c)| if problem.labels[i] == c { 1.0 } else { 0.0 });
    let solution = solve_general(x.t().dot(&x), x.t().dot(&y).view()).unwrap();
    // The parameters are the bias and then the kernel `(in, out)`: the rows of the solution.
    let expected: Vec<f64> = solution.iter().copied().collect();

    // The step leaves λ / (λ + σ) of the error, where σ is an eigenvalue of XᵀX/B, here above 0.1.
    let damping = 1e-8;
    let exact = || SecondOrder::gauss_newton(GgnVariant::Mean).with_learning_rate(1.0).with_damping(damping);
    let steps: [(&str, Box<dyn Optimizer<f64>>); 4] = [
        ("function space", Box::new(GaussNewton::mean().with_learning_rate(1.0).with_damping(damping))),
        ("exact", Box::new(exact())),
        ("natural gradient", {
            let natural = SecondOrder::natural_gradient(FisherKind::Exact);
            Box::new(natural.with_learning_rate(1.0).with_damping(damping))
        }),
        ("conjugate gradients", Box::new(exact().with_cg(100, 1e-13))),
    ];
    for (name, mut optimizer) in steps {
        let mut params = problem.params.clone();
        let report = optimizer.step(&problem.graph, &mut params, &problem.batch(&SquaredError)).unwrap();
        assert_eq!(report.loss, problem.loss(&SquaredError, &problem.params), "{name}");
        let error = relative_error(&params, &expected);
        assert!(error < 1e-6, "{name}: {error:e}");
    }
}

#[test]
fn directions_are_those_of_the_full_matrices() {
    let problem = Problem::new(Some(5));
    let count = problem.params.len();
    let (damping, decay, seed, samples) = (0.01, 0.03, 5, 4);
    for loss in losses() {
        let batch = problem.batch(&*loss);
        let objective = Objective::of_batch(&problem.graph, &problem.params, batch).unwrap();
        let dense = |operator: &dyn LinearOperator<f64>| operator.to_dense().unwrap();
        let ggn = |variant| dense(&Ggn::new(&objective, variant).unwrap());
        let sampled = FisherKind::Sampled { samples, seed };
        for (curvature, matrix) in [
            (Curvature::GaussNewton(GgnVariant::Mean), ggn(GgnVariant::Mean)),
            (Curvature::GaussNewton(GgnVariant::Sum), ggn(GgnVariant::Sum)),
            (Curvature::Fisher(FisherKind::Exact), ggn(GgnVariant::Mean)),
            (Curvature::Fisher(FisherKind::Empirical), dense(&Fisher::empirical(&objective).unwrap())),
            (
                Curvature::Fisher(sampled),
                // The first step's key.
                dense(&Fisher::sampled(&objective, Key::new(seed).fold_in(1), samples).unwrap()),
            ),
        ] {
            for decay in [0.0, decay] {
                let gradient = Array1::from(objective.gradient().unwrap());
                let gradient = gradient + Array1::from(decayed(&problem.graph, &problem.params)) * decay;
                let damped = &matrix + &(Array2::<f64>::eye(count) * (damping + decay));
                let expected = solve_general(damped, gradient.insert_axis(Axis(1)).view()).unwrap().column(0).to_vec();
                let optimizer = SecondOrder::new(curvature).with_damping(damping).with_weight_decay(decay);
                for optimizer in [optimizer.clone(), optimizer.with_cg(500, 1e-13)] {
                    let (_, found) = optimizer.direction(&problem.graph, &problem.params, &batch).unwrap();
                    let error = relative_error(&found, &expected);
                    // Condition numbers up to 1e5, times rounding at 1e-16 in sums of some hundred terms.
                    assert!(error < 1e-9, "{loss:?} {curvature:?} {decay}: {error:e}");
                }
                if decay == 0.0 && curvature == Curvature::GaussNewton(GgnVariant::Mean) {
                    let optimizer = GaussNewton::mean().with_damping(damping);
                    let (_, found) = optimizer.direction(&problem.graph, &problem.params, &batch).unwrap();
                    assert!(relative_error(&found, &expected) < 1e-9, "{loss:?}");
                }
            }
        }
    }
}

#[test]
fn every_optimizer_lowers_the_loss_of_its_batch() {
    let problem = Problem::new(Some(5));
    let armijo = || SecondOrder::gauss_newton(GgnVariant::Mean).with_line_search(Armijo::default());
    for loss in losses() {
        let optimizers: [(&str, Box<dyn Optimizer<f64>>); 9] = [
            ("sgd", Box::new(Sgd::<f64>::new(0.02))),
            ("adam", Box::new(Adam::<f64>::new(0.02))),
            ("sam", Box::new(Sam::new(Sgd::<f64>::new(0.02), 0.01))),
            ("muon", Box::new(Muon::new(0.002, Sgd::<f64>::new(0.02)))),
            ("gauss-newton", Box::new(GaussNewton::mean().with_learning_rate(0.3).with_damping(0.1))),
            ("line search", Box::new(armijo())),
            ("adaptive damping", Box::new(armijo().with_adaptive_damping(LevenbergMarquardt::default()))),
            ("kfac", Box::new(Kfac::<f64>::new(0.05))),
            ("ekfac", Box::new(Ekfac::<f64>::new(0.05).with_empirical_fisher())),
        ];
        for (name, mut optimizer) in optimizers {
            let mut params = problem.params.clone();
            for _ in 0..10 {
                let before = problem.loss(&*loss, &params);
                let report = optimizer.step(&problem.graph, &mut params, &problem.batch(&*loss)).unwrap();
                assert!((report.loss - before).abs() < 1e-12, "{name} {loss:?}");
            }
            let (first, last) = (problem.loss(&*loss, &problem.params), problem.loss(&*loss, &params));
            assert!(last < first, "{name} {loss:?}: {first} {last}");
        }
    }
}

#[test]
fn the_model_of_squared_error_on_a_linear_network_is_exact() {
    let problem = Problem::new(None);
    let optimizer = SecondOrder::<f64>::gauss_newton(GgnVariant::Mean).with_damping(0.1).with_learning_rate(0.7);
    let mut optimizer = optimizer.with_adaptive_damping(LevenbergMarquardt::default());
    optimizer.step(&problem.graph, &mut problem.params.clone(), &problem.batch(&SquaredError)).unwrap();
    let ratio = optimizer.last_step().unwrap().reduction_ratio.unwrap();
    assert!((ratio - 1.0).abs() < 1e-9, "{ratio}");
}

#[test]
fn the_published_matrix_and_rounded_products_refuse_other_losses() {
    let problem = Problem::new(None);
    let refused = |error: &OptimError| {
        let autodiff = match error {
            OptimError::Autodiff(error) | OptimError::Curvature(CurvatureError::Autodiff(error)) => error,
            _ => return false,
        };
        matches!(autodiff, AutodiffError::UnsupportedLoss { .. })
    };
    for loss in losses() {
        let published = || SecondOrder::gauss_newton(GgnVariant::Coupled);
        let optimizers: [Box<dyn Optimizer<f64>>; 4] = [
            Box::new(GaussNewton::new(GgnVariant::Coupled)),
            Box::new(published()),
            Box::new(published().with_cg(5, 1e-3)),
            Box::new(EmulatedGaussNewton::new(GgnVariant::Mean, Arithmetic::Tf32)),
        ];
        for mut optimizer in optimizers {
            let mut params = problem.params.clone();
            let error = optimizer.step(&problem.graph, &mut params, &problem.batch(&*loss)).unwrap_err();
            assert!(refused(&error), "{loss:?}: {error}");
            assert_eq!(params, problem.params);
        }
    }
}

#[test]
fn a_system_that_does_not_fit_is_refused_before_it_is_allocated() {
    // Order 64 · 1999 = 127 936: a matrix of 131 GB.
    let (images, classes) = (64, 2000);
    let mut g = GraphBuilder::new(&[1]);
    let x = g.dense(g.input(), "Dense_0", classes).unwrap();
    let graph = g.finish(x).unwrap();
    let params: Vec<f32> = graph.init(1);
    let x = Array2::from_shape_fn((images, 1), |(i, _)| i as f32 / images as f32);
    let labels: Vec<usize> = (0..images).collect();
    let batch = Batch::new(x.view(), &labels).unwrap();
    let mean = SecondOrder::gauss_newton(GgnVariant::Mean);
    let sampled = SecondOrder::natural_gradient(FisherKind::Sampled { samples: 1999, seed: 1 });
    let optimizers: [(Box<dyn Optimizer<f32>>, usize); 5] = [
        (Box::new(GaussNewton::mean()), classes - 1),
        (Box::new(GaussNewton::new(GgnVariant::Coupled)), classes),
        (Box::new(mean.clone()), classes - 1),
        (Box::new(SecondOrder::gauss_newton(GgnVariant::Coupled)), classes),
        (Box::new(sampled), 1999),
    ];
    for (mut optimizer, directions) in optimizers {
        let error = optimizer.step(&graph, &mut params.clone(), &batch).unwrap_err();
        let text = error.to_string();
        let OptimError::SystemSize { order, bytes, limit } = error else { panic!("{error}") };
        let expected = (images * directions) as u64;
        assert_eq!((order, limit), (expected, 4 << 30));
        assert!(bytes > 8 * expected * expected && bytes < 20 * expected * expected, "{bytes}");
        for part in [order.to_string(), bytes.to_string(), limit.to_string(), "conjugate gradients".to_owned()] {
            assert!(text.contains(&part), "{text}");
        }
    }
    // Conjugate gradients need no system.
    mean.with_cg(2, 1e-3).step(&graph, &mut params.clone(), &batch).unwrap();
}

#[test]
fn the_limit_of_the_memory_is_an_option() {
    let problem = Problem::new(None);
    let batch = problem.batch(&SquaredError);
    // 54 equations: a matrix of 23 kB.
    for (limit, fits) in [(20_000, false), (100_000, true)] {
        let steps: [Box<dyn Optimizer<f64>>; 2] = [
            Box::new(GaussNewton::mean().with_memory_limit(limit)),
            Box::new(SecondOrder::gauss_newton(GgnVariant::Mean).with_memory_limit(limit)),
        ];
        for mut optimizer in steps {
            let found = optimizer.step(&problem.graph, &mut problem.params.clone(), &batch);
            assert_eq!(found.is_ok(), fits, "{limit}");
            assert!(fits || matches!(found, Err(OptimError::SystemSize { order: 54, .. })), "{found:?}");
        }
    }
}

#[test]
fn a_batch_without_a_loss_has_softmax_cross_entropy() {
    let problem = Problem::new(Some(5));
    let batch = Batch::new(problem.images.view(), &problem.labels).unwrap();
    let (report, _) = GaussNewton::mean().direction(&problem.graph, &problem.params, &batch).unwrap();
    let logits = problem.graph.logits(&problem.params, problem.images.view()).unwrap();
    assert_eq!(report.loss, softmax_cross_entropy::mean_loss(logits.view(), &problem.labels).unwrap());
}
