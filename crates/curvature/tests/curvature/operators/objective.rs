//! Objectives over one batch, over many batches, in single precision and on any number of threads.

use super::problem::{IMAGES, Problem, ROUNDING, normal, problems};
use minima_autodiff::softmax_cross_entropy::{mean_gradient, mean_loss};
use minima_autodiff::{AutodiffError, Batch};
use minima_curvature::{
    CurvatureError, Diagonal, Fisher, Ggn, GgnVariant, Hessian, Jacobian, LinearOperator, Objective,
};
use minima_rng::Key;

fn vectors_apart(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let apart: f64 = found.iter().zip(expected).map(|(f, e)| (f - e).powi(2)).sum();
    (apart / expected.iter().map(|e| e * e).sum::<f64>()).sqrt()
}

#[test]
fn loss_and_gradient_in_batches_of_any_size() {
    for problem in problems() {
        let Problem { graph, params, images, labels } = &problem;
        let at = graph.linearize(params, images.view()).unwrap();
        let loss = mean_loss(at.logits(), labels).unwrap();
        let gradient = at.vjp(mean_gradient(at.logits(), labels).unwrap().view()).unwrap();
        for objective in [1, 8, 16, 19, 50].map(|size| problem.in_batches(size)).iter().chain([&problem.objective()]) {
            assert!((objective.loss().unwrap() - loss).abs() < ROUNDING);
            assert!(vectors_apart(&objective.gradient().unwrap(), &gradient) < ROUNDING);
            assert_eq!((objective.images(), objective.parameter_count()), (IMAGES, params.len()));
        }
    }
}

/// One product with each operator, and a diagonal.
fn products<T: minima_autodiff::Scalar>(objective: &Objective<'_, T>) -> Vec<Vec<T>> {
    let v: Vec<T> = normal(4, objective.parameter_count()).into_iter().map(T::from_f64).collect();
    let ggn = |variant| Ggn::new(objective, variant).unwrap();
    let operators: [&dyn LinearOperator<T>; 6] = [
        &Jacobian::new(objective),
        &ggn(GgnVariant::Mean),
        &ggn(GgnVariant::Coupled),
        &Hessian::new(objective),
        &Fisher::sampled(objective, Key::new(5), 2).unwrap(),
        &Diagonal::new(ggn(GgnVariant::Mean).diagonal().unwrap().values().to_vec()),
    ];
    operators.iter().map(|operator| operator.apply(&v).unwrap()).collect()
}

#[test]
fn one_batch_of_all_gives_the_same_bits() {
    for problem in problems() {
        assert_eq!(products(&problem.objective()), products(&problem.in_batches(IMAGES)));
    }
}

#[test]
fn the_same_bits_on_any_number_of_threads() {
    for problem in problems() {
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| (products(&problem.objective()), products(&problem.in_batches(8))))
        };
        let one = on(1);
        assert_eq!(one, on(2));
        assert_eq!(one, on(5));
    }
}

#[test]
fn single_precision() {
    for problem in problems() {
        let params: Vec<f32> = problem.params.iter().map(|&p| p as f32).collect();
        let images = problem.images.mapv(|x| x as f32);
        let batch = Batch::new(images.view(), &problem.labels).unwrap();
        let single = products(&Objective::of_batch(&problem.graph, &params, batch).unwrap());
        for (found, expected) in single.iter().zip(products(&problem.objective())) {
            let found: Vec<f64> = found.iter().map(|&x| f64::from(x)).collect();
            // A few hundred roundings at 6e-8, amplified by cancellation.
            let error = vectors_apart(&found, &expected);
            assert!(error < 1e-5, "{error:e}");
        }
    }
}

#[test]
fn what_does_not_fit_is_an_error() {
    let [problem, _] = problems();
    let Problem { graph, params, images, labels } = &problem;
    let dataset = |params, labels, size| Objective::of_dataset(graph, params, images.view(), labels, size).map(|_| ());
    assert!(matches!(dataset(params, labels, 0), Err(CurvatureError::Option { option: "batch_size", .. })));
    assert!(matches!(dataset(&params[1..], labels, 8), Err(CurvatureError::Autodiff(AutodiffError::Shape { .. }))));
    assert!(matches!(dataset(params, &labels[1..], 8), Err(CurvatureError::Autodiff(_))));
    let wrong = vec![3; IMAGES];
    assert!(matches!(dataset(params, &wrong, 8), Err(CurvatureError::Autodiff(AutodiffError::Label { image: 0, .. }))));
    let batch = Batch::new(images.view(), &wrong).unwrap();
    let found = Objective::of_batch(graph, params, batch).map(|_| ());
    assert!(matches!(found, Err(CurvatureError::Autodiff(AutodiffError::Label { image: 0, .. }))));
}
