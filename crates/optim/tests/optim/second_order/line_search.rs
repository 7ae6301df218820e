//! Backtracking, and the behaviour of a step if it fails.

use super::problem::{Outcome, Problem, dot, minus};
use crate::weight_decay::decayed;
use minima_curvature::Objective;
use minima_optim::{Armijo, GgnVariant, Optimizer, SecondOrder};

#[test]
fn the_longest_trial_that_meets_armijos_condition_is_taken() -> Outcome {
    let problem = Problem::<f64>::new()?;
    let (decay, first) = (0.02, 64.0);
    let armijo = Armijo { sufficient: 0.1, shrink: 0.5, trials: 20 };
    let optimizer = SecondOrder::gauss_newton(GgnVariant::Mean).with_learning_rate(first).with_weight_decay(decay);
    let mut optimizer = optimizer.with_line_search(armijo);
    let mut params = problem.params.clone();
    for _ in 0..4 {
        let (_, direction) = optimizer.direction(&problem.graph, &params, &problem.batch()?)?;
        let mut gradient = Objective::of_batch(&problem.graph, &params, problem.batch()?)?.gradient()?;
        gradient.iter_mut().zip(decayed(&problem.graph, &params)).for_each(|(g, p)| *g += decay * p);
        let (here, slope) = (problem.loss(&params, decay)?, dot(&gradient, &direction));
        assert!(slope > 0.0);
        let holds = |rate: f64| -> Result<bool, Box<dyn std::error::Error>> {
            let there: Vec<f64> = params.iter().zip(&direction).map(|(p, d)| p - rate * d).collect();
            Ok(problem.loss(&there, decay)? <= here - 0.1 * rate * slope)
        };
        let mut before = params.clone();
        optimizer.step(&problem.graph, &mut before, &problem.batch()?)?;
        let rate = optimizer.last_step().ok_or("no step")?.rate;
        let halvings = (first / rate).log2();
        println!("{halvings} halvings");
        assert_eq!(halvings, halvings.round());
        for trial in 0..halvings as i32 {
            assert!(!holds(first / 2.0_f64.powi(trial))?, "a longer step was good enough: halved {trial} times");
        }
        assert!(holds(rate)?);
        for ((p, b), d) in params.iter().zip(&before).zip(&direction) {
            assert!((p - rate * d - b).abs() < 1e-15 * (1.0 + p.abs() + rate * d.abs()));
        }
        params = before;
    }
    assert_eq!(optimizer.failed_searches(), 0);
    Ok(())
}

#[test]
fn where_no_trial_is_good_enough_nothing_moves() -> Outcome {
    let mut problem = Problem::<f64>::new()?;
    let armijo = Armijo { trials: 2, ..Armijo::default() };
    let optimizer = SecondOrder::gauss_newton(GgnVariant::Mean).with_learning_rate(1e6).with_momentum(0.9);
    let mut optimizer = optimizer.with_line_search(armijo);
    let before = problem.params.clone();
    let mut params = std::mem::take(&mut problem.params);
    optimizer.step(&problem.graph, &mut params, &problem.batch()?)?;
    assert_eq!(params, before);
    assert_eq!((optimizer.failed_searches(), optimizer.last_step().map(|log| log.rate)), (1, Some(0.0)));
    // No momentum of that step remains: the next step is as long as one without momentum.
    let mut optimizer = optimizer.with_learning_rate(0.1);
    let (_, direction) = optimizer.direction(&problem.graph, &params, &problem.batch()?)?;
    optimizer.step(&problem.graph, &mut params, &problem.batch()?)?;
    let rate = optimizer.last_step().ok_or("no step")?.rate;
    for (moved, d) in minus(&before, &params).into_iter().zip(direction) {
        assert!((moved - rate * d).abs() < 1e-14);
    }
    Ok(())
}

/// A learning rate that passes the minimum along a direction.
const FAR: f64 = 4.0;

#[test]
fn a_momentum_that_points_up_is_forgotten() -> Outcome {
    let problem = Problem::<f64>::new()?;
    // The first step goes far along d. At its end, the descent direction points back, and a large damping makes the
    // next d short.
    let mut params = problem.params.clone();
    let mut optimizer = SecondOrder::gauss_newton(GgnVariant::Mean).with_momentum(0.99).with_learning_rate(FAR);
    optimizer.step(&problem.graph, &mut params, &problem.batch()?)?;
    let velocity: Vec<f64> = minus(&problem.params, &params).into_iter().map(|x| x / FAR).collect();
    let mut optimizer = optimizer.with_learning_rate(1.0).with_damping(1e3).with_line_search(Armijo::default());
    let (_, direction) = optimizer.direction(&problem.graph, &params, &problem.batch()?)?;
    let gradient = Objective::of_batch(&problem.graph, &params, problem.batch()?)?.gradient()?;
    let slope = dot(&gradient, &direction) + 0.99 * dot(&gradient, &velocity);
    assert!(slope < 0.0, "{slope}: not the case that is meant");
    let before = params.clone();
    optimizer.step(&problem.graph, &mut params, &problem.batch()?)?;
    let rate = optimizer.last_step().ok_or("no step")?.rate;
    assert!(rate > 0.0);
    for ((moved, d), p) in minus(&before, &params).into_iter().zip(direction).zip(before) {
        assert!((moved - rate * d).abs() < 1e-15 * (1.0 + p.abs()));
    }
    Ok(())
}
