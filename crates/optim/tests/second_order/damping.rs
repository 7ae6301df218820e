//! Damping that adapts.

use crate::problem::{Outcome, Problem, dot};
use minima_curvature::{Ggn, LinearOperator, Objective};
use minima_optim::{Generation, LevenbergMarquardt, Optimizer, SecondOrder};

#[test]
fn the_ratio_is_that_of_the_loss_to_the_model() -> Outcome {
    let problem = Problem::<f64>::new()?;
    let (decay, rate, damping) = (0.02, 0.7, 0.05);
    let rule = LevenbergMarquardt { grow: 3.0, shrink: 2.0, ..LevenbergMarquardt::default() };
    let optimizer = SecondOrder::gauss_newton(Generation::Mean).with_damping(damping).with_weight_decay(decay);
    let mut optimizer = optimizer.with_learning_rate(rate).with_adaptive_damping(rule);
    let (_, direction) = optimizer.direction(&problem.graph, &problem.params, &problem.batch()?)?;
    let step: Vec<f64> = direction.iter().map(|d| -rate * d).collect();

    let objective = Objective::of_batch(&problem.graph, &problem.params, problem.batch()?)?;
    let slope = dot(&objective.gradient()?, &step) + decay * dot(&problem.params, &step);
    let curved = dot(&step, &Ggn::new(&objective, Generation::Mean)?.apply(&step)?) + decay * dot(&step, &step);
    let there: Vec<f64> = problem.params.iter().zip(&step).map(|(p, s)| p + s).collect();
    let change = problem.loss(&there, decay)? - problem.loss(&problem.params, decay)?;
    let expected = change / (slope + 0.5 * curved);

    let mut params = problem.params.clone();
    optimizer.step(&problem.graph, &mut params, &problem.batch()?)?;
    let log = optimizer.last_step().ok_or("no step")?;
    let ratio = log.reduction_ratio.ok_or("no ratio")?;
    println!("ratio {ratio}");
    // Both changes are of order 0.1 to 1 and rounded at 1e-16.
    assert!((ratio - expected).abs() < 1e-12, "{ratio}, expected {expected}");
    let next = if expected > 0.75 {
        damping / 2.0
    } else if expected < 0.25 {
        damping * 3.0
    } else {
        damping
    };
    assert_eq!((log.damping, optimizer.damping()), (damping, next));
    Ok(())
}

#[test]
fn where_the_loss_is_its_model_the_ratio_is_one_and_damping_shrinks() -> Outcome {
    let problem = Problem::<f64>::new()?;
    // Short steps: the ratio differs from one by a multiple of their length.
    let optimizer = SecondOrder::gauss_newton(Generation::Mean).with_damping(1.0).with_learning_rate(1e-4);
    let mut optimizer = optimizer.with_adaptive_damping(LevenbergMarquardt::default());
    let mut params = problem.params.clone();
    for step in 1..=3 {
        optimizer.step(&problem.graph, &mut params, &problem.batch()?)?;
        let ratio = optimizer.last_step().and_then(|log| log.reduction_ratio).ok_or("no ratio")?;
        assert!((ratio - 1.0).abs() < 1e-3, "{ratio}");
        assert!((optimizer.damping() * 1.5_f64.powi(step) - 1.0).abs() < 1e-14);
    }
    Ok(())
}

#[test]
fn a_step_that_raises_the_loss_is_taken_back_on_demand() -> Outcome {
    let problem = Problem::<f64>::new()?;
    for rejects in [false, true] {
        let rule = LevenbergMarquardt { rejects, ..LevenbergMarquardt::default() };
        let optimizer = SecondOrder::gauss_newton(Generation::Mean).with_damping(0.1).with_learning_rate(500.0);
        let mut optimizer = optimizer.with_adaptive_damping(rule);
        let mut params = problem.params.clone();
        optimizer.step(&problem.graph, &mut params, &problem.batch()?)?;
        assert_eq!(params == problem.params, rejects);
        assert_eq!(optimizer.rejected_steps(), u32::from(rejects));
        assert!((optimizer.damping() - 0.15).abs() < 1e-15);
    }
    Ok(())
}
