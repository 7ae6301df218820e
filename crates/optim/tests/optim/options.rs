//! Every optimizer rejects options that are invalid in the network's precision and leaves the parameters unchanged.

use minima_autodiff::{Graph, GraphBuilder, Scalar};
use minima_optim::{
    Adam, Arithmetic, Batch, CgSolver, Ekfac, EmulatedGaussNewton, GaussNewton, GgnVariant, Kfac, Muon, OptimError,
    Optimizer, Sam, SecondOrder, Sgd, SolvePrecision, Solver,
};
use ndarray::{Array2, array};

fn graph() -> Graph {
    let mut g = GraphBuilder::new(&[2]);
    let y = g.dense(g.input(), "Dense_0", 2).unwrap();
    g.finish(y).unwrap()
}

/// Runs two steps. Returns the parameters, or the rejected option.
fn outcome<T: Scalar>(mut optimizer: Box<dyn Optimizer<T>>) -> Result<Vec<T>, &'static str> {
    let graph = graph();
    // The second pixel is always 0: its weights have a gradient of 0.
    let images: Array2<T> = array![[0.25, 0.0], [0.5, 0.0], [1.0, 0.0]].mapv(T::from_f64);
    let batch = Batch::new(images.view(), &[0, 1, 1]).unwrap();
    let before: Vec<T> = graph.init(42);
    let mut params = before.clone();
    let checked = optimizer.check().is_ok();
    for _ in 0..2 {
        match optimizer.step(&graph, &mut params, &batch) {
            Ok(_) => assert!(checked),
            Err(OptimError::Option { option, .. } | OptimError::RoundedOption { option, .. }) => {
                assert!(!checked && params == before, "{option}");
                return Err(option);
            }
            Err(other) => panic!("{other}"),
        }
    }
    Ok(params)
}

/// An optimizer with one option set to a number; the other options have ordinary values.
type WithOption<T> = (&'static str, fn(f64) -> Box<dyn Optimizer<T>>);

fn every_option<T: Scalar>() -> Vec<WithOption<T>> {
    vec![
        ("learning_rate", |x| Box::new(Sgd::<T>::new(x))),
        ("momentum", |x| Box::new(Sgd::<T>::new(0.1).with_momentum(x))),
        ("weight_decay", |x| Box::new(Sgd::<T>::new(0.1).with_weight_decay(x))),
        ("learning_rate", |x| Box::new(Adam::<T>::new(x))),
        ("beta1", |x| Box::new(Adam::<T>::new(0.1).with_betas(x, 0.999))),
        ("beta2", |x| Box::new(Adam::<T>::new(0.1).with_betas(0.9, x))),
        ("epsilon", |x| Box::new(Adam::<T>::new(0.1).with_epsilon(x))),
        ("weight_decay", |x| Box::new(Adam::<T>::new(0.1).with_weight_decay(x))),
        ("rho", |x| Box::new(Sam::new(Sgd::<T>::new(0.1), x))),
        ("learning_rate", |x| Box::new(Sam::new(Sgd::<T>::new(x), 0.1))),
        ("epsilon", |x| Box::new(Sam::new(Adam::<T>::new(0.1).with_epsilon(x), 0.1))),
        ("learning_rate", |x| Box::new(Muon::new(x, Sgd::<T>::new(0.1)))),
        ("momentum", |x| Box::new(Muon::new(0.1, Sgd::<T>::new(0.1)).with_momentum(x))),
        ("weight_decay", |x| Box::new(Muon::new(0.1, Sgd::<T>::new(0.1)).with_weight_decay(x))),
        ("epsilon", |x| Box::new(Muon::new(0.1, Adam::<T>::new(0.1).with_epsilon(x)))),
        ("learning_rate", |x| Box::new(GaussNewton::mean().with_learning_rate(x))),
        ("damping", |x| Box::new(GaussNewton::mean().with_precision(SolvePrecision::Network).with_damping(x))),
        ("learning_rate", |x| {
            Box::new(EmulatedGaussNewton::new(GgnVariant::Mean, Arithmetic::Tf32).with_learning_rate(x))
        }),
        ("learning_rate", |x| Box::new(SecondOrder::<T>::gauss_newton(GgnVariant::Mean).with_learning_rate(x))),
        ("momentum", |x| Box::new(SecondOrder::<T>::gauss_newton(GgnVariant::Mean).with_momentum(x))),
        ("weight_decay", |x| Box::new(SecondOrder::<T>::gauss_newton(GgnVariant::Mean).with_weight_decay(x))),
        ("damping", |x| Box::new(SecondOrder::<T>::gauss_newton(GgnVariant::Mean).with_cg(5, 1e-5).with_damping(x))),
        ("warm_start", |x| {
            let solver = Solver::Cg(CgSolver::new(5, 1e-5).with_warm_start(x));
            Box::new(SecondOrder::<T>::gauss_newton(GgnVariant::Mean).with_solver(solver))
        }),
        ("learning_rate", |x| Box::new(Kfac::<T>::new(x))),
        ("damping", |x| Box::new(Kfac::<T>::new(0.1).with_damping(x))),
        ("momentum", |x| Box::new(Kfac::<T>::new(0.1).with_momentum(x))),
        ("weight_decay", |x| Box::new(Kfac::<T>::new(0.1).with_weight_decay(x))),
        ("decay", |x| Box::new(Ekfac::<T>::new(0.1).with_decay(x))),
        ("kl_clip", |x| Box::new(Ekfac::<T>::new(0.1).with_kl_clip(x))),
    ]
}

/// Rejects a number outside of every range, in both precisions.
fn senseless_numbers_are_refused<T: Scalar>() {
    for (option, with) in every_option::<T>() {
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.1, -1e-300] {
            assert_eq!(outcome(with(number)), Err(option), "{number}");
        }
        assert!(outcome(with(0.5)).is_ok_and(|params| params.iter().all(|p| p.is_finite())), "{option}");
    }
}

#[test]
fn senseless_numbers_are_refused_by_every_optimizer() {
    senseless_numbers_are_refused::<f32>();
    senseless_numbers_are_refused::<f64>();
}

/// Accepted options do not produce NaN. If ε, a damping or `1 − β` were 0 after rounding, a step would divide 0 by 0.
fn an_accepted_number_gives_numbers<T: Scalar>() {
    let exponents = (-320..=300).step_by(10);
    let numbers = exponents.map(|power| 10.0_f64.powi(power)).chain((4..60).step_by(5).map(|p| 1.0 - 2.0_f64.powi(-p)));
    let numbers: Vec<f64> = numbers.chain([0.0, 1.0]).collect();
    for (option, with) in every_option::<T>() {
        // Rates, radii and decays may have any size: a step with a rate of 1e300 need not be finite.
        if ["learning_rate", "weight_decay", "rho", "kl_clip"].contains(&option) {
            continue;
        }
        for &number in &numbers {
            let mut optimizer = with(number);
            if optimizer.check().is_err() {
                assert_eq!(outcome(optimizer), Err(option), "{option} {number:e}");
                continue;
            }
            let graph = graph();
            let images: Array2<T> = array![[0.25, 0.0], [0.5, 0.0], [1.0, 0.0]].mapv(T::from_f64);
            let batch = Batch::new(images.view(), &[0, 1, 1]).unwrap();
            let mut params: Vec<T> = graph.init(42);
            // A damping may be too small for a factorization, which is an error and leaves the parameters unchanged.
            let _ = optimizer.step(&graph, &mut params, &batch);
            assert!(params.iter().all(|p| p.is_finite()), "{option} {number:e}: {params:?}");
        }
    }
}

#[test]
fn an_accepted_number_gives_numbers_in_either_precision() {
    an_accepted_number_gives_numbers::<f32>();
    an_accepted_number_gives_numbers::<f64>();
}

#[test]
fn a_number_that_is_zero_in_single_precision_is_refused_there_alone() {
    let adam = |epsilon| Adam::<f32>::new(0.1).with_epsilon(epsilon);
    assert_eq!(outcome::<f32>(Box::new(adam(1e-50))), Err("epsilon"));
    assert!(outcome::<f32>(Box::new(adam(1e-40))).is_ok());
    assert!(outcome::<f64>(Box::new(Adam::new(0.1).with_epsilon(1e-50))).is_ok());
    assert_eq!(outcome::<f32>(Box::new(Adam::new(0.1).with_betas(1.0 - 1e-12, 0.999))), Err("beta1"));
    assert!(outcome::<f64>(Box::new(Adam::new(0.1).with_betas(1.0 - 1e-12, 0.999))).is_ok());
    // The damping of a system in double precision is checked in double precision.
    assert!(Optimizer::<f32>::check(&GaussNewton::mean().with_damping(1e-50)).is_ok());
}

/// For a damping that is far too small, the error names one that works, for any initial damping.
#[test]
fn a_damping_that_works_is_found_from_a_tiny_one() {
    let graph = graph();
    // Two images that agree up to the last bit of single precision.
    let images = array![[1e3_f32, 1e3], [1e3, 1e3], [1e3, 1e3]];
    let batch = Batch::new(images.view(), &[0, 1, 1]).unwrap();
    for damping in [1e-44, 1e-30, 1e-20] {
        let with = |damping| Kfac::<f32>::new(0.1).with_damping(damping);
        let mut params: Vec<f32> = graph.init(42);
        let error = with(damping).step(&graph, &mut params, &batch).unwrap_err();
        let text = error.to_string();
        let OptimError::Factors { enough: Some(enough), .. } = error else { panic!("{text}") };
        assert!(text.len() < 200, "{text}");
        with(enough).step(&graph, &mut params, &batch).unwrap();
    }
    for damping in [1e-300, 1e-100, 1e-30] {
        let with = |damping| GaussNewton::new(GgnVariant::Sum).with_damping(damping);
        let mut params: Vec<f32> = graph.init(42);
        let error = Optimizer::<f32>::step(&mut with(damping), &graph, &mut params, &batch).unwrap_err();
        let text = error.to_string();
        let OptimError::Solve { enough: Some(enough), .. } = error else { panic!("{text}") };
        assert!(text.len() < 200, "{text}");
        Optimizer::<f32>::step(&mut with(enough), &graph, &mut params, &batch).unwrap();
    }
}
