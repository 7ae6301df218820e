//! Conjugate gradients compared with dense solves, and every way of stopping.

use crate::matrices;

use matrices::{Dense, apart, graded, normal, with_spectrum};
use minima_curvature::{CgEnd, CgOptions, CurvatureError, conjugate_gradient};
use minima_linalg::Cholesky;
use ndarray::{Array1, Array2, array, aview1};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn options(iterations: usize, tolerance: f64) -> CgOptions {
    CgOptions { iterations, tolerance, relative_progress: None }
}

fn solve(a: &Array2<f64>, b: &[f64]) -> Result<Vec<f64>, minima_linalg::LinalgError> {
    Ok(Cholesky::factor(a.clone())?.solve_vec(aview1(b))?.to_vec())
}

#[test]
fn agrees_with_cholesky() -> Outcome {
    // A relative residual of 1e-13 bounds the error by 1e-13 times the condition number.
    let clustered: Vec<f64> = (0..60).map(|i| if i < 5 { 30.0 + i as f64 } else { 1.0 + 1e-3 * i as f64 }).collect();
    for (name, spectrum) in
        [("graded", graded(0.05, 20.0, 80)), ("clustered", clustered), ("repeated", [[2.0; 20], [7.0; 20]].concat())]
    {
        let a = with_spectrum(&spectrum, 3);
        let b = normal(spectrum.len(), 1);
        let found = conjugate_gradient(&Dense::<f64>::new(&a), &b, &options(400, 1e-13), None, None)?;
        assert_eq!(found.ended, CgEnd::Converged, "{name}");
        let error = apart(&found.x, &solve(&a, &b)?);
        assert!(error < 1e-10, "{name}: {error:e}");
        let residual = apart(&a.dot(&aview1(&found.x)).to_vec(), &b);
        assert!(residual <= 1e-13 && (found.residual - residual).abs() < 1e-15, "{name}: {residual:e}");
        // The model at the solution is −½ bᵀ x, and it decreased in every iteration.
        let last = found.log.last().ok_or("no iteration")?;
        let model = -0.5 * aview1(&b).dot(&aview1(&found.x));
        assert!((last.model - model).abs() < 1e-12 * model.abs(), "{name}: {} and {model}", last.model);
        assert!(found.log.windows(2).all(|two| two[1].model <= two[0].model), "{name}");
    }
    Ok(())
}

#[test]
fn takes_as_many_steps_as_there_are_eigenvalues() -> Outcome {
    for distinct in [1, 2, 5] {
        let spectrum: Vec<f64> = (0..40).map(|i| 1.0 + (i % distinct) as f64).collect();
        let a = Dense::<f64>::new(&with_spectrum(&spectrum, 9));
        let found = conjugate_gradient(&a, &normal(40, 2), &options(40, 1e-12), None, None)?;
        assert_eq!((found.ended, found.log.len()), (CgEnd::Converged, distinct));
        // Plus one product for the residual of the result.
        assert_eq!(a.count(), distinct + 1);
    }
    let all: Vec<f64> = (1..=10).map(f64::from).collect();
    let found = conjugate_gradient(
        &Dense::<f64>::new(&with_spectrum(&all, 4)),
        &normal(10, 5),
        &options(100, 1e-10),
        None,
        None,
    )?;
    assert_eq!(found.log.len(), 10);
    Ok(())
}

#[test]
fn a_preconditioner_saves_iterations() -> Outcome {
    // A well-conditioned matrix with rescaled rows and columns: the diagonal undoes most of the scaling.
    let scales = Array1::from(graded(1.0, 100.0, 80));
    let core = with_spectrum(&graded(1.0, 3.0, 80), 6);
    let a = core * &scales * scales.view().insert_axis(ndarray::Axis(1));
    let b = normal(80, 7);
    let operator = Dense::<f64>::new(&a);
    let diagonal = Dense::<f64>::new(&Array2::from_diag(&a.diag().mapv(f64::recip)));
    let plain = conjugate_gradient(&operator, &b, &options(2000, 1e-12), None, None)?;
    let helped = conjugate_gradient(&operator, &b, &options(2000, 1e-12), Some(&diagonal), None)?;
    assert!(5 * helped.log.len() < plain.log.len(), "{} against {}", helped.log.len(), plain.log.len());
    let error = apart(&helped.x, &solve(&a, &b)?);
    // The residual times the condition number, 3e4.
    assert!(error < 3e-8, "{error:e}");

    // With the exact inverse, one iteration is enough.
    let inverse = Cholesky::factor(a)?.solve(Array2::eye(80).view())?;
    let once = conjugate_gradient(&operator, &b, &options(9, 1e-9), Some(&Dense::new(&inverse)), None)?;
    assert_eq!((once.ended, once.log.len()), (CgEnd::Converged, 1));
    Ok(())
}

#[test]
fn a_start_is_gone_on_from() -> Outcome {
    let a = Dense::<f64>::new(&with_spectrum(&graded(0.1, 10.0, 50), 8));
    let b = normal(50, 9);
    let exact = solve(&a.matrix, &b)?;
    let there = conjugate_gradient(&a, &b, &options(50, 1e-10), None, Some(&exact))?;
    assert_eq!((there.ended, there.log.len()), (CgEnd::Converged, 0));
    assert_eq!(there.x, exact);

    let near: Vec<f64> = exact.iter().zip(normal(50, 10)).map(|(x, e)| x + 1e-6 * e).collect();
    let cold = conjugate_gradient(&a, &b, &options(500, 1e-8), None, None)?;
    let warm = conjugate_gradient(&a, &b, &options(500, 1e-8), None, Some(&near))?;
    assert!(warm.log.len() < cold.log.len());
    assert!(apart(&warm.x, &exact) < 1e-6);
    let model = -0.5 * aview1(&b).dot(&aview1(&exact));
    assert!((warm.log[0].model - model).abs() < 1e-9 * model.abs());
    Ok(())
}

#[test]
fn negative_curvature_is_reported() -> Outcome {
    let a = Dense::<f64>::new(&array![[2.0, 0.0], [0.0, -1.0]]);
    // Immediately: the right side is such a direction.
    let b = [0.0, 3.0];
    let found = conjugate_gradient(&a, &b, &options(10, 1e-9), None, None)?;
    assert_eq!((found.ended, found.log.len()), (CgEnd::NegativeCurvature, 0));
    let negative = found.negative_curvature.ok_or("no direction")?;
    assert_eq!((found.x, negative.direction, negative.curvature), (vec![0.0; 2], b.to_vec(), -1.0));

    // Later: the result so far is returned, and the model decreases along the direction.
    let spectrum: Vec<f64> = (0..30).map(|i| if i == 0 { -0.5 } else { f64::from(i) }).collect();
    let a = Dense::<f64>::new(&with_spectrum(&spectrum, 11));
    let b = normal(30, 12);
    let found = conjugate_gradient(&a, &b, &options(100, 1e-9), None, None)?;
    assert_eq!(found.ended, CgEnd::NegativeCurvature);
    let negative = found.negative_curvature.ok_or("no direction")?;
    let (x, p, b) = (aview1(&found.x), aview1(&negative.direction), aview1(&b));
    let model = 0.5 * x.dot(&a.matrix.dot(&x)) - b.dot(&x);
    let last = found.log.last().ok_or("no iteration")?;
    assert!((last.model - model).abs() < 1e-12 * model.abs());
    assert!(p.dot(&b) - p.dot(&a.matrix.dot(&x)) > 0.0);
    let quotient = p.dot(&a.matrix.dot(&p)) / p.dot(&p);
    assert!(quotient < 0.0 && (quotient - negative.curvature).abs() < 1e-12);
    Ok(())
}

#[test]
fn stops_where_the_options_say() -> Outcome {
    let a = Dense::<f64>::new(&with_spectrum(&graded(1e-6, 1.0, 300), 13));
    let b = normal(300, 14);
    let short = conjugate_gradient(&a, &b, &options(7, 1e-9), None, None)?;
    assert_eq!((short.ended, short.log.len()), (CgEnd::Iterations, 7));
    let none = conjugate_gradient(&a, &b, &options(0, 1e-9), None, None)?;
    assert_eq!((none.ended, none.x), (CgEnd::Iterations, vec![0.0; 300]));

    let epsilon = 0.05;
    let rule = CgOptions { relative_progress: Some(epsilon), ..options(1000, 0.0) };
    let progress = conjugate_gradient(&a, &b, &rule, None, None)?;
    assert_eq!(progress.ended, CgEnd::Progress);
    // Explicitly: the first i at which the last k = max(10, i/10) iterations lowered the model by less than k ε.
    let full = conjugate_gradient(&a, &b, &options(1000, 1e-9), None, None)?;
    let fell = |i: usize, k: usize| (full.log[i - 1].model - full.log[i - k - 1].model) / full.log[i - 1].model;
    let first = (11..=full.log.len()).find(|&i| {
        let k = (i / 10).max(10);
        fell(i, k) < k as f64 * epsilon
    });
    assert_eq!(Some(progress.log.len()), first);
    Ok(())
}

#[test]
fn a_right_side_of_zero_has_the_solution_zero() -> Outcome {
    let a = Dense::<f64>::new(&Array2::eye(3));
    let found = conjugate_gradient(&a, &[0.0; 3], &CgOptions::default(), None, Some(&[1.0, 2.0, 3.0]))?;
    assert_eq!((found.x, found.ended, found.log.len()), (vec![0.0; 3], CgEnd::Converged, 0));
    Ok(())
}

#[test]
fn bad_input_is_named() {
    let a = Dense::<f64>::new(&Array2::eye(3));
    let small = Dense::<f64>::new(&Array2::eye(2));
    let minus = Dense::<f64>::new(&-Array2::eye(3));
    let good = CgOptions::default();
    let b = [1.0; 3];
    assert!(matches!(
        conjugate_gradient(&a, &[1.0; 2], &good, None, None),
        Err(CurvatureError::Size { what: "the matrix", .. })
    ));
    assert!(matches!(
        conjugate_gradient(&a, &b, &good, Some(&small), None),
        Err(CurvatureError::Size { what: "the preconditioner", .. })
    ));
    assert!(matches!(conjugate_gradient(&a, &b, &good, None, Some(&[0.0])), Err(CurvatureError::Size { .. })));
    assert!(matches!(
        conjugate_gradient(&a, &b, &good, Some(&minus), None),
        Err(CurvatureError::NotPositiveDefinite { .. })
    ));
    assert!(matches!(conjugate_gradient(&a, &[f64::NAN; 3], &good, None, None), Err(CurvatureError::NotFinite { .. })));
    assert!(matches!(
        conjugate_gradient(&a, &b, &options(3, -1.0), None, None),
        Err(CurvatureError::Option { option: "tolerance", .. })
    ));
}
