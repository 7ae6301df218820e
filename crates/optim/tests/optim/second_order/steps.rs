//! Complete steps: momentum, limits, errors, negative curvature, threads.

use super::problem::{Outcome, Problem, dot, minus, relative_error};
use minima_autodiff::Scalar;
use minima_curvature::CgEnd;
use minima_optim::{
    Armijo, CgSolver, Curvature, FisherKind, GgnVariant, LevenbergMarquardt, OptimError, Optimizer, SecondOrder, Solver,
};

fn mean() -> SecondOrder<f64> {
    SecondOrder::gauss_newton(GgnVariant::Mean)
}

#[test]
fn momentum_adds_up_directions() -> Outcome {
    let problem = Problem::<f64>::new()?;
    let mut optimizer = mean().with_momentum(0.8).with_learning_rate(0.2).with_weight_decay(0.01);
    let (mut params, mut by_hand) = (problem.params.clone(), problem.params.clone());
    let mut velocity = vec![0.0; params.len()];
    for _ in 0..3 {
        let (_, direction) = optimizer.direction(&problem.graph, &by_hand, &problem.batch()?)?;
        for ((p, v), d) in by_hand.iter_mut().zip(&mut velocity).zip(direction) {
            *v = 0.8 * *v + d;
            *p -= 0.2 * *v;
        }
        optimizer.step(&problem.graph, &mut params, &problem.batch()?)?;
        assert!(relative_error(&params, &by_hand) < 1e-12);
    }
    Ok(())
}

#[test]
fn steps_are_no_longer_than_their_limit() -> Outcome {
    let problem = Problem::<f64>::new()?;
    let moved = |optimizer: SecondOrder<f64>| -> Result<Vec<f64>, Box<dyn std::error::Error>> {
        let (mut params, mut optimizer) = (problem.params.clone(), optimizer);
        optimizer.step(&problem.graph, &mut params, &problem.batch()?)?;
        Ok(minus(&params, &problem.params))
    };
    let free = moved(mean())?;
    let length = dot(&free, &free).sqrt();
    let limited = moved(mean().with_step_limit(0.5 * length))?;
    let expected: Vec<f64> = free.iter().map(|x| 0.5 * x).collect();
    assert!(relative_error(&limited, &expected) < 1e-13);
    assert!((dot(&limited, &limited).sqrt() / (0.5 * length) - 1.0).abs() < 1e-13);
    assert_eq!(moved(mean().with_step_limit(1.01 * length))?, free);
    Ok(())
}

#[test]
fn an_error_leaves_the_parameters_as_they_were() -> Outcome {
    let problem = Problem::<f64>::new()?;
    let adaptive = |optimizer: SecondOrder<f64>| optimizer.with_adaptive_damping(LevenbergMarquardt::default());
    let bad = [
        mean().with_damping(0.0),
        mean().with_damping(f64::NAN),
        mean().with_learning_rate(-1.0),
        mean().with_momentum(1.0),
        mean().with_weight_decay(-0.1),
        mean().with_step_limit(0.0),
        mean().with_cg(10, -1.0),
        mean().with_solver(Solver::Cg(CgSolver::new(10, 0.1).with_warm_start(1.0))),
        mean().with_line_search(Armijo { shrink: 1.0, ..Armijo::default() }),
        mean().with_line_search(Armijo { trials: 0, ..Armijo::default() }),
        mean().with_adaptive_damping(LevenbergMarquardt { grow: 0.5, ..LevenbergMarquardt::default() }),
        mean().with_adaptive_damping(LevenbergMarquardt { low: 0.9, ..LevenbergMarquardt::default() }),
        mean().with_cg(0, 0.1),
        adaptive(SecondOrder::gauss_newton(GgnVariant::Sum)),
        adaptive(SecondOrder::gauss_newton(GgnVariant::Coupled)),
        adaptive(SecondOrder::natural_gradient(FisherKind::Empirical)),
        SecondOrder::natural_gradient(FisherKind::Sampled { samples: 0, seed: 1 }),
    ];
    for (number, mut optimizer) in bad.into_iter().enumerate() {
        let mut params = problem.params.clone();
        let outcome = optimizer.step(&problem.graph, &mut params, &problem.batch()?);
        let named =
            matches!(&outcome, Err(OptimError::Option { .. } | OptimError::NoModel(_) | OptimError::Curvature(_)));
        assert!(named, "number {number}: {outcome:?}");
        assert_eq!(params, problem.params, "number {number}");
    }
    let mut spoiled = Problem::<f64>::new()?;
    spoiled.images[[17, 3]] = f64::NAN;
    let mut unlabelled = Problem::<f64>::new()?;
    unlabelled.labels[4] = 3;
    for broken in [&spoiled, &unlabelled] {
        for mut optimizer in [mean(), mean().with_cg(20, 1e-6)] {
            let mut params = problem.params.clone();
            assert!(optimizer.step(&broken.graph, &mut params, &broken.batch()?).is_err());
            assert_eq!(params, problem.params);
            assert!(optimizer.last_step().is_none());
        }
    }
    Ok(())
}

#[test]
fn negative_curvature_is_seen_and_stepped_around() -> Outcome {
    let problem = Problem::<f64>::new()?;
    let optimizer = SecondOrder::gauss_newton(GgnVariant::Coupled).with_learning_rate(1e-3);
    let mut optimizer = optimizer.with_cg(500, 1e-10);
    let mut params = problem.params.clone();
    optimizer.step(&problem.graph, &mut params, &problem.batch()?)?;
    let cg = optimizer.last_step().and_then(|log| log.cg).ok_or("no log")?;
    println!("{cg:?}");
    assert_eq!(cg.ended, CgEnd::NegativeCurvature);
    assert!(cg.negative_curvature.is_some_and(|curvature| curvature <= 0.0));
    // The step decreases the loss nevertheless.
    assert!(problem.loss(&params, 0.0)? < problem.loss(&problem.params, 0.0)?);
    Ok(())
}

#[test]
fn a_warm_start_saves_iterations_where_little_changes() -> Outcome {
    let problem = Problem::<f64>::new()?;
    let iterations = |solver: CgSolver| -> Result<Vec<usize>, Box<dyn std::error::Error>> {
        let mut optimizer = mean().with_learning_rate(1e-6).with_solver(Solver::Cg(solver));
        let mut params = problem.params.clone();
        let mut counts = Vec::new();
        for _ in 0..2 {
            optimizer.step(&problem.graph, &mut params, &problem.batch()?)?;
            counts.extend(optimizer.last_step().and_then(|log| log.cg).map(|cg| cg.iterations));
        }
        Ok(counts)
    };
    let solver = CgSolver::new(1000, 1e-3);
    let (cold, warm) = (iterations(solver)?, iterations(solver.with_warm_start(0.999))?);
    println!("iterations: cold {cold:?}, warm {warm:?}");
    assert_eq!(cold[0], warm[0]);
    assert!(warm[1] < cold[1]);
    Ok(())
}

/// The bits of the parameters after steps with all options enabled.
fn bits<T: Scalar>(problem: &Problem<T>) -> Result<Vec<u64>, String> {
    let mut all = Vec::new();
    for curvature in [
        Curvature::GaussNewton(GgnVariant::Mean),
        Curvature::GaussNewton(GgnVariant::Coupled),
        Curvature::Fisher(FisherKind::Sampled { samples: 1, seed: 3 }),
    ] {
        let cg = CgSolver::new(15, 1e-6).with_warm_start(0.9).with_preconditioner();
        for solver in [Solver::Exact, Solver::Cg(cg)] {
            let optimizer = SecondOrder::new(curvature).with_solver(solver).with_momentum(0.5).with_weight_decay(0.01);
            let optimizer = optimizer.with_line_search(Armijo::default()).with_step_limit(1.0);
            let mut optimizer = match curvature {
                Curvature::GaussNewton(GgnVariant::Coupled) => optimizer,
                _ => optimizer.with_adaptive_damping(LevenbergMarquardt::default()),
            };
            let mut params = problem.params.clone();
            for _ in 0..3 {
                let batch = problem.batch().map_err(|e| e.to_string())?;
                optimizer.step(&problem.graph, &mut params, &batch).map_err(|e| e.to_string())?;
            }
            all.extend(params.iter().map(|p| p.as_f64().to_bits()));
        }
    }
    Ok(all)
}

#[test]
fn the_same_bits_whatever_the_number_of_threads() -> Outcome {
    let (single, double) = (Problem::<f32>::new()?, Problem::<f64>::new()?);
    let with = |threads| -> Result<_, Box<dyn std::error::Error>> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        Ok(pool.install(|| Ok::<_, String>((bits(&single)?, bits(&double)?)))?)
    };
    let one = with(1)?;
    assert!(one == with(2)? && one == with(3)?);
    Ok(())
}
