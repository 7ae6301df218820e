//! Directions compared with the directions of the full matrices.

use super::problem::{Outcome, Problem, dot, relative_error};
use crate::weight_decay::decayed;
use minima_curvature::{Fisher, Ggn, LinearOperator, Objective};
use minima_linalg::solve_general;
use minima_optim::{CgSolver, Curvature, FisherKind, GaussNewton, GgnVariant, SecondOrder, Solver};
use minima_rng::Key;
use ndarray::{Array1, Array2, Axis, Slice};

const SAMPLED: FisherKind = FisherKind::Sampled { samples: 2, seed: 8 };

const ALL: [Curvature; 6] = [
    Curvature::GaussNewton(GgnVariant::Mean),
    Curvature::GaussNewton(GgnVariant::Sum),
    Curvature::GaussNewton(GgnVariant::Coupled),
    Curvature::Fisher(FisherKind::Exact),
    Curvature::Fisher(SAMPLED),
    Curvature::Fisher(FisherKind::Empirical),
];

/// The full matrix of the first step.
fn dense(problem: &Problem<f64>, curvature: Curvature) -> Result<Array2<f64>, Box<dyn std::error::Error>> {
    let objective = Objective::of_batch(&problem.graph, &problem.params, problem.batch()?)?;
    Ok(match curvature {
        Curvature::GaussNewton(variant) => Ggn::new(&objective, variant)?.to_dense()?,
        Curvature::Fisher(FisherKind::Exact) => Fisher::exact(&objective)?.to_dense()?,
        Curvature::Fisher(FisherKind::Empirical) => Fisher::empirical(&objective)?.to_dense()?,
        Curvature::Fisher(FisherKind::Sampled { samples, seed }) => {
            Fisher::sampled(&objective, Key::new(seed).fold_in(1), samples)?.to_dense()?
        }
    })
}

fn expected(
    problem: &Problem<f64>,
    curvature: Curvature,
    damping: f64,
    decay: f64,
) -> Result<Vec<f64>, Box<dyn std::error::Error>> {
    let count = problem.params.len();
    let gradient = Objective::of_batch(&problem.graph, &problem.params, problem.batch()?)?.gradient()?;
    let gradient = Array1::from(gradient) + Array1::from(decayed(&problem.graph, &problem.params)) * decay;
    let damped = dense(problem, curvature)? + Array2::<f64>::eye(count) * (damping + decay);
    Ok(solve_general(damped, gradient.insert_axis(Axis(1)).view())?.column(0).to_vec())
}

#[test]
fn exact_directions_are_those_of_the_full_matrices() -> Outcome {
    let problem = Problem::<f64>::new()?;
    for curvature in ALL {
        for decay in [0.0, 0.03] {
            let expected = expected(&problem, curvature, 0.01, decay)?;
            let optimizer = SecondOrder::new(curvature).with_damping(0.01).with_weight_decay(decay);
            let (_, found) = optimizer.direction(&problem.graph, &problem.params, &problem.batch()?)?;
            let error = relative_error(&found, &expected);
            println!("{curvature:?}, weight decay {decay}: {error:.1e} (tolerance 1e-10)");
            // Condition numbers up to 1e5, times rounding at 1e-16 in sums of some hundred terms.
            assert!(error < 1e-10, "{curvature:?}, weight decay {decay}: {error:e}");
        }
    }
    Ok(())
}

#[test]
fn conjugate_gradients_arrive_at_the_same_directions() -> Outcome {
    let problem = Problem::<f64>::new()?;
    let solver = CgSolver::new(2000, 1e-12);
    for curvature in ALL.into_iter().filter(|c| *c != Curvature::GaussNewton(GgnVariant::Coupled)) {
        for solver in [solver, solver.with_preconditioner()] {
            let expected = expected(&problem, curvature, 0.01, 0.03)?;
            let optimizer = SecondOrder::new(curvature).with_damping(0.01).with_weight_decay(0.03);
            let optimizer = optimizer.with_solver(Solver::Cg(solver));
            let (_, found) = optimizer.direction(&problem.graph, &problem.params, &problem.batch()?)?;
            let error = relative_error(&found, &expected);
            println!("{curvature:?}, preconditioned {}: {error:.1e} (tolerance 1e-9)", solver.preconditioned);
            // The tolerance of 1e-12 times the root of a condition number of up to 1e5.
            assert!(error < 1e-9, "{curvature:?}, preconditioned {}: {error:e}", solver.preconditioned);
        }
    }
    Ok(())
}

#[test]
fn one_preconditioned_iteration_goes_along_the_preconditioned_gradient() -> Outcome {
    let problem = Problem::<f64>::new()?;
    let (damping, decay) = (0.01, 0.03);
    // D from each image's own gradient.
    let one = |image: usize| -> Result<Vec<f64>, Box<dyn std::error::Error>> {
        let images = problem.images.slice_axis(Axis(0), Slice::from(image..=image));
        let batch = minima_optim::Batch::new(images, &problem.labels[image..=image])?;
        Ok(Objective::of_batch(&problem.graph, &problem.params, batch)?.gradient()?)
    };
    let (mut diagonal, mut gradient) = (vec![0.0; problem.params.len()], decayed(&problem.graph, &problem.params));
    gradient.iter_mut().for_each(|g| *g *= decay);
    let share = 1.0 / problem.labels.len() as f64;
    for image in 0..problem.labels.len() {
        for ((d, g), of_image) in diagonal.iter_mut().zip(&mut gradient).zip(one(image)?) {
            *d += share * of_image * of_image;
            *g += share * of_image;
        }
    }
    // d = α M⁻¹ g with the best α along it: gᵀM⁻¹g / (M⁻¹g)ᵀ (C + (λ + δ) I) M⁻¹g.
    let along: Vec<f64> = gradient.iter().zip(&diagonal).map(|(g, d)| g * (d + damping + decay).powf(-0.75)).collect();
    let curvature = Curvature::GaussNewton(GgnVariant::Mean);
    let damped = dense(&problem, curvature)? + Array2::<f64>::eye(along.len()) * (damping + decay);
    let image = damped.dot(&Array1::from(along.clone())).to_vec();
    let best = dot(&gradient, &along) / dot(&along, &image);
    let expected: Vec<f64> = along.iter().map(|x| best * x).collect();
    let solver = Solver::Cg(CgSolver::new(1, 0.0).with_preconditioner());
    let optimizer = SecondOrder::new(curvature).with_damping(damping).with_weight_decay(decay).with_solver(solver);
    let (_, found) = optimizer.direction(&problem.graph, &problem.params, &problem.batch()?)?;
    let error = relative_error(&found, &expected);
    println!("{error:.1e} (tolerance 1e-13)");
    // Sums of some hundred terms, rounded at 1e-16.
    assert!(error < 1e-13, "{error:e}");
    Ok(())
}

#[test]
fn without_options_it_is_gauss_newton() -> Outcome {
    let problem = Problem::<f64>::new()?;
    for variant in [GgnVariant::Mean, GgnVariant::Sum, GgnVariant::Coupled] {
        let plain = GaussNewton::new(variant).with_damping(0.01);
        let (report, expected) = plain.direction(&problem.graph, &problem.params, &problem.batch()?)?;
        let optimizer = SecondOrder::gauss_newton(variant).with_damping(0.01);
        let (seen, found) = optimizer.direction(&problem.graph, &problem.params, &problem.batch()?)?;
        assert_eq!(seen, report);
        let error = relative_error(&found, &expected);
        assert!(error < 1e-11, "{variant:?}: {error:e}");
    }
    Ok(())
}

#[test]
fn the_exact_natural_gradient_is_gauss_newton_of_the_mean() -> Outcome {
    use minima_optim::Optimizer;
    let problem = Problem::<f64>::new()?;
    for solver in [Solver::Exact, Solver::Cg(CgSolver::new(500, 1e-12))] {
        let mut stepped = [problem.params.clone(), problem.params.clone()];
        let curvatures = [Curvature::GaussNewton(GgnVariant::Mean), Curvature::Fisher(FisherKind::Exact)];
        for (params, curvature) in stepped.iter_mut().zip(curvatures) {
            let mut optimizer = SecondOrder::new(curvature).with_solver(solver);
            for _ in 0..3 {
                optimizer.step(&problem.graph, params, &problem.batch()?)?;
            }
        }
        let [gauss_newton, natural] = stepped;
        assert!(relative_error(&natural, &gauss_newton) < 1e-14);
        assert!(relative_error(&natural, &problem.params) > 1e-2);
    }
    Ok(())
}

#[test]
fn other_labels_are_drawn_in_every_step() -> Outcome {
    use minima_optim::Optimizer;
    let problem = Problem::<f64>::new()?;
    let mut optimizer = SecondOrder::natural_gradient(SAMPLED).with_learning_rate(0.0);
    let (_, first) = optimizer.direction(&problem.graph, &problem.params, &problem.batch()?)?;
    let (_, again) = optimizer.direction(&problem.graph, &problem.params, &problem.batch()?)?;
    optimizer.step(&problem.graph, &mut problem.params.clone(), &problem.batch()?)?;
    let (_, second) = optimizer.direction(&problem.graph, &problem.params, &problem.batch()?)?;
    assert_eq!(first, again);
    assert!(relative_error(&second, &first) > 1e-2);
    Ok(())
}

#[test]
fn single_precision_follows_double() -> Outcome {
    let (double, single) = (Problem::<f64>::new()?, Problem::<f32>::new()?);
    for curvature in ALL {
        let (_, expected) = SecondOrder::new(curvature).with_weight_decay(0.03).direction(
            &double.graph,
            &double.params,
            &double.batch()?,
        )?;
        let (_, found) = SecondOrder::new(curvature).with_weight_decay(0.03).direction(
            &single.graph,
            &single.params,
            &single.batch()?,
        )?;
        let found: Vec<f64> = found.into_iter().map(f64::from).collect();
        let error = relative_error(&found, &expected);
        println!("{curvature:?}: {error:.1e} (tolerance 1e-5)");
        // Rounding at 6e-8 times the root of a condition number of up to 1e4.
        assert!(error < 1e-5, "{curvature:?}: {error:e}");
    }
    Ok(())
}
