//! Adaptive damping.

use super::problem::{Outcome, Problem, dot, minus};
use crate::weight_decay::decayed;
use minima_curvature::{Ggn, LinearOperator, Objective};
use minima_optim::{Armijo, GgnVariant, LevenbergMarquardt, Optimizer, SecondOrder};

const RULE: LevenbergMarquardt =
    LevenbergMarquardt { low: 0.25, high: 0.75, grow: 3.0, shrink: 2.0, least: 1e-3, greatest: 1e3, rejects: false };

/// Weight decay.
const DECAY: f64 = 0.02;

/// Takes a step from `params`. Its ratio must be `F(θ') − F(θ)` divided by the model's change, and its damping must
/// follow the ratio. Both are computed from the resulting parameters, so they include momentum, step length and line
/// search.
fn step_and_check(
    problem: &Problem<f64>,
    optimizer: &mut SecondOrder<f64>,
    params: &mut Vec<f64>,
) -> Result<f64, Box<dyn std::error::Error>> {
    let (before, damping) = (params.clone(), optimizer.damping());
    optimizer.step(&problem.graph, params, &problem.batch()?)?;
    let step = minus(params, &before);
    let objective = Objective::of_batch(&problem.graph, &before, problem.batch()?)?;
    let slope = dot(&objective.gradient()?, &step) + DECAY * dot(&decayed(&problem.graph, &before), &step);
    let decayed = decayed(&problem.graph, &step);
    let curved = dot(&step, &Ggn::new(&objective, GgnVariant::Mean)?.apply(&step)?) + DECAY * dot(&decayed, &decayed);
    let change = problem.loss(params, DECAY)? - problem.loss(&before, DECAY)?;
    assert!(slope + 0.5 * curved < 0.0, "a model that promises nothing: not the case that is meant");
    let expected = change / (slope + 0.5 * curved);

    let log = optimizer.last_step().ok_or("no step")?;
    let ratio = log.reduction_ratio.ok_or("no ratio")?;
    println!("rate {}, ratio {ratio}", log.rate);
    // Both changes are of order 0.1 to 1 and rounded at 1e-16; the step is rounded as the parameters are.
    assert!((ratio - expected).abs() < 1e-12, "{ratio}, expected {expected}");
    let next = if expected > RULE.high {
        damping / RULE.shrink
    } else if expected < RULE.low {
        damping * RULE.grow
    } else {
        damping
    };
    assert_eq!((log.damping, optimizer.damping()), (damping, next));
    Ok(log.rate)
}

fn optimizer(rate: f64) -> SecondOrder<f64> {
    let optimizer = SecondOrder::gauss_newton(GgnVariant::Mean).with_damping(0.05).with_weight_decay(DECAY);
    optimizer.with_learning_rate(rate).with_adaptive_damping(RULE)
}

#[test]
fn the_ratio_is_that_of_the_loss_to_the_model() -> Outcome {
    let problem = Problem::<f64>::new()?;
    assert_eq!(step_and_check(&problem, &mut optimizer(0.7), &mut problem.params.clone())?, 0.7);
    Ok(())
}

#[test]
fn with_momentum_the_ratio_is_that_of_the_whole_step() -> Outcome {
    /// Short enough that the model predicts a reduction along the momentum too.
    const RATE: f64 = 0.02;
    let problem = Problem::<f64>::new()?;
    let (mut optimizer, mut params) = (optimizer(RATE).with_momentum(0.5), problem.params.clone());
    for _ in 0..3 {
        assert_eq!(step_and_check(&problem, &mut optimizer, &mut params)?, RATE);
    }
    Ok(())
}

#[test]
fn with_a_line_search_the_ratio_is_that_of_the_length_it_found() -> Outcome {
    let problem = Problem::<f64>::new()?;
    let armijo = Armijo { trials: 20, ..Armijo::default() };
    let (mut optimizer, mut params) = (optimizer(64.0).with_line_search(armijo), problem.params.clone());
    for _ in 0..3 {
        let rate = step_and_check(&problem, &mut optimizer, &mut params)?;
        assert!(rate < 64.0, "{rate}: not the case that is meant");
    }
    Ok(())
}

#[test]
fn where_the_loss_is_its_model_the_ratio_is_one_and_damping_shrinks() -> Outcome {
    let problem = Problem::<f64>::new()?;
    // The ratio of short steps differs from one by a multiple of their length.
    let optimizer = SecondOrder::gauss_newton(GgnVariant::Mean).with_damping(1.0).with_learning_rate(1e-4);
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
        let optimizer = SecondOrder::gauss_newton(GgnVariant::Mean).with_damping(0.1).with_learning_rate(500.0);
        let mut optimizer = optimizer.with_adaptive_damping(rule);
        let mut params = problem.params.clone();
        optimizer.step(&problem.graph, &mut params, &problem.batch()?)?;
        assert_eq!(params == problem.params, rejects);
        assert_eq!(optimizer.rejected_steps(), u32::from(rejects));
        assert!((optimizer.damping() - 0.15).abs() < 1e-15);
    }
    Ok(())
}
