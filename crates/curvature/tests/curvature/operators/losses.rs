//! Losses other than softmax cross-entropy: every operator against its dense matrix.

use super::problem::{IMAGES, Problem, ROUNDING, apart, assert_is, problems};
use minima_autodiff::{AutodiffError, Batch, Loss, SoftmaxCrossEntropy, SquaredError};
use minima_curvature::kfac::{label_cotangents, sampled_cotangents};
use minima_curvature::{CurvatureError, Fisher, Ggn, GgnVariant, Hessian, LinearOperator, Objective};
use minima_rng::Key;
use ndarray::{Array2, Axis};

const WEIGHTS: [f64; 3] = [0.5, 2.0, 1.25];

fn losses() -> [Box<dyn Loss>; 3] {
    let plain = SoftmaxCrossEntropy::default;
    [
        Box::new(SquaredError),
        Box::new(plain().with_label_smoothing(0.2).unwrap()),
        Box::new(plain().with_label_smoothing(0.1).unwrap().with_class_weights(&WEIGHTS).unwrap()),
    ]
}

fn objective<'a>(problem: &'a Problem, loss: &'a dyn Loss, size: Option<usize>) -> Objective<'a, f64> {
    let batch = Batch::with_loss(problem.images.view(), &problem.labels, loss).unwrap();
    match size {
        None => Objective::of_batch(&problem.graph, &problem.params, batch).unwrap(),
        Some(size) => Objective::in_batches(&problem.graph, &problem.params, batch, size).unwrap(),
    }
}

/// Every image's Hessian with respect to its logits by central differences of its gradient, as a block diagonal.
fn logit_hessian(problem: &Problem, loss: &dyn Loss) -> Array2<f64> {
    const STEP: f64 = 1e-4;
    let logits = problem.graph.logits(&problem.params, problem.images.view()).unwrap();
    let classes = logits.ncols();
    let mut h = Array2::zeros((IMAGES * classes, IMAGES * classes));
    for (image, &label) in problem.labels.iter().enumerate() {
        for class in 0..classes {
            let at = |by: f64| {
                let (mut a, mut g) = (logits.row(image).to_vec(), vec![0.0; classes]);
                a[class] += by;
                loss.of::<f64>().gradient_into(&a, label, 1.0, &mut g);
                g
            };
            for (d, (above, below)) in at(STEP).into_iter().zip(at(-STEP)).enumerate() {
                h[[image * classes + d, image * classes + class]] = (above - below) / (2.0 * STEP);
            }
        }
    }
    h
}

/// The tolerance against central differences with a step of 1e-4: its square, and rounding at 1e-16 divided by it.
const DIFFERENCES: f64 = 1e-7;

#[test]
fn gauss_newton_and_exact_fisher() {
    for problem in problems() {
        let j = problem.jacobian();
        for loss in losses() {
            let sum = j.t().dot(&logit_hessian(&problem, &*loss)).dot(&j);
            let expected = &sum / loss.total_weight(&problem.labels);
            for objective in [None, Some(8), Some(1)].map(|size| objective(&problem, &*loss, size)) {
                let ggn = Ggn::new(&objective, GgnVariant::Mean).unwrap();
                assert_is(&format!("{loss:?}"), &ggn, &expected, DIFFERENCES);
                let diagonal = Array2::from_diag(&expected.diag());
                assert_is("its diagonal", &ggn.diagonal().unwrap(), &diagonal, DIFFERENCES);
                assert_is("the sum", &Ggn::new(&objective, GgnVariant::Sum).unwrap(), &sum, DIFFERENCES);
                assert_is("exact Fisher", &Fisher::exact(&objective).unwrap(), &expected, DIFFERENCES);
                let published = Ggn::new(&objective, GgnVariant::Coupled).map(|_| ());
                assert!(matches!(published, Err(CurvatureError::Autodiff(AutodiffError::UnsupportedLoss { .. }))));
            }
        }
    }
}

#[test]
fn squared_error_has_the_product_of_the_jacobian_with_itself() {
    for problem in problems() {
        let j = problem.jacobian();
        let expected = j.t().dot(&j) / IMAGES as f64;
        let objective = objective(&problem, &SquaredError, None);
        assert_is("JᵀJ", &Ggn::new(&objective, GgnVariant::Mean).unwrap(), &expected, ROUNDING);
    }
}

#[test]
fn gradient_and_hessian_are_derivatives() {
    const STEP: f64 = 1e-5;
    let [problem, _] = problems();
    for loss in losses() {
        let at = |params: &[f64]| {
            let batch = Batch::with_loss(problem.images.view(), &problem.labels, &*loss).unwrap();
            let objective = Objective::of_batch(&problem.graph, params, batch).unwrap();
            (objective.loss().unwrap(), objective.gradient().unwrap())
        };
        let count = problem.params.len();
        let (mut slopes, mut expected) = (Vec::new(), Array2::zeros((count, count)));
        for (k, mut column) in expected.columns_mut().into_iter().enumerate() {
            let moved = |by: f64| {
                let mut params = problem.params.clone();
                params[k] += by;
                at(&params)
            };
            let (above, below) = (moved(STEP), moved(-STEP));
            slopes.push((above.0 - below.0) / (2.0 * STEP));
            for (to, (above, below)) in column.iter_mut().zip(above.1.iter().zip(&below.1)) {
                *to = (above - below) / (2.0 * STEP);
            }
        }
        for size in [None, Some(8)] {
            let objective = objective(&problem, &*loss, size);
            assert!((objective.loss().unwrap() - at(&problem.params).0).abs() < ROUNDING);
            let gradient = objective.gradient().unwrap();
            let error = gradient.iter().zip(&slopes).map(|(g, s)| (g - s).abs()).fold(0.0, f64::max);
            assert!(error < 1e-8, "{loss:?}: {error:e}");
            assert_is(&format!("{loss:?}"), &Hessian::new(&objective), &expected, DIFFERENCES);
        }
    }
}

#[test]
fn empirical_and_sampled_fisher() {
    for problem in problems() {
        let at = problem.graph.linearize(&problem.params, problem.images.view()).unwrap();
        for loss in losses() {
            let weight = loss.total_weight(&problem.labels);
            let outer = |cotangents: &Array2<f64>| {
                let gradients = at.per_sample_gradients(cotangents.view()).unwrap();
                gradients.t().dot(&gradients) / weight
            };
            let residuals = loss.mean_gradient(at.logits(), &problem.labels).unwrap() * weight;
            let empirical = outer(&residuals);
            // The Kronecker factors' cotangents have the same scale after a mean over images.
            let cotangents = label_cotangents(&*loss, at.logits(), &problem.labels).unwrap();
            let scaled = cotangents.index_axis(Axis(0), 0).mapv(|w| w * (weight / IMAGES as f64).sqrt());
            assert!(apart(scaled.view(), residuals.view()) < ROUNDING, "{loss:?}");
            let key = Key::new(7);
            let drawn = sampled_cotangents(&*loss, at.logits(), &problem.labels, 3, key).unwrap();
            let mut sampled = Array2::zeros(empirical.raw_dim());
            for cotangents in drawn.outer_iter() {
                sampled += &outer(&cotangents.mapv(|w| w * (weight / IMAGES as f64).sqrt()));
            }
            for objective in [None, Some(8), Some(1)].map(|size| objective(&problem, &*loss, size)) {
                let fisher = Fisher::empirical(&objective).unwrap();
                assert_is("empirical Fisher", &fisher, &empirical, ROUNDING);
                let diagonal = Array2::from_diag(&empirical.diag());
                assert_is("its diagonal", &fisher.diagonal().unwrap(), &diagonal, ROUNDING);
                let fisher = Fisher::sampled(&objective, key, 3).unwrap();
                assert_is("sampled Fisher", &fisher, &sampled, ROUNDING);
                let diagonal = Array2::from_diag(&sampled.diag());
                assert_is("its diagonal", &fisher.diagonal().unwrap(), &diagonal, ROUNDING);
            }
        }
    }
}

#[test]
fn many_samples_come_to_the_expectation() {
    let [problem, _] = problems();
    for loss in losses() {
        let objective = objective(&problem, &*loss, None);
        let exact = Fisher::exact(&objective).unwrap().to_dense().unwrap();
        let sampled = Fisher::sampled(&objective, Key::new(3), 2000).unwrap().to_dense().unwrap();
        // The relative error of one draw per image is of order 1; of 2000 draws, 1/45. The tolerance is a factor of 4.
        let error = apart(sampled.view(), exact.view());
        assert!(error < 0.1, "{loss:?}: {error}");
    }
}

#[test]
fn a_part_without_weight_adds_nothing() {
    let [problem, _] = problems();
    let loss = SoftmaxCrossEntropy::default().with_class_weights(&[0.0, 1.0, 1.0]).unwrap();
    assert!(problem.labels.contains(&0));
    let (one, each) = (objective(&problem, &loss, None), objective(&problem, &loss, Some(1)));
    assert!((one.loss().unwrap() - each.loss().unwrap()).abs() < ROUNDING);
    assert!(each.gradient().unwrap().iter().all(|g| g.is_finite()));
}
