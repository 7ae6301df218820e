//! Inverses as operators.

use crate::matrices;

use matrices::{Dense, apart, graded, normal, with_spectrum};
use minima_curvature::{CgOptions, CurvatureError, FactoredInverse, Invertible, LinearOperator};
use minima_linalg::LinalgError;
use ndarray::Array2;

type Outcome = Result<(), Box<dyn std::error::Error>>;

const OPTIONS: CgOptions = CgOptions { iterations: 500, tolerance: 1e-13, relative_progress: None };

#[test]
fn both_undo_the_matrix() -> Outcome {
    let spectrum = graded(0.1, 10.0, 60);
    let a = Dense::<f64>::new(&with_spectrum(&spectrum, 41));
    let factored = a.inverse_by_factor()?;
    let iterated = (&a).inverse_by_cg(OPTIONS).with_preconditioner(&factored);
    let plain = (&a).inverse_by_cg(OPTIONS);
    let v = normal(60, 1);
    let image = a.apply(&v)?;
    // The tolerance 1e-13 times the condition number.
    for (name, found) in [
        ("factored", factored.apply(&image)?),
        ("iterated", iterated.apply(&image)?),
        ("without preconditioner", plain.apply(&image)?),
    ] {
        let error = apart(&found, &v);
        assert!(error < 1e-11, "{name}: {error:e}");
    }
    assert!((factored.log_det() - spectrum.iter().map(|x| x.ln()).sum::<f64>()).abs() < 1e-10);

    let twice = (&factored + &plain * 1.0).apply(&image)?;
    assert!(apart(&twice, &v.iter().map(|x| 2.0 * x).collect::<Vec<_>>()) < 1e-11);

    let dense = [factored.to_dense()?, plain.to_dense()?];
    for inverse in dense {
        assert!((inverse.dot(&a.matrix) - Array2::<f64>::eye(60)).iter().all(|x| x.abs() < 1e-11));
    }
    Ok(())
}

#[test]
fn what_is_no_inverse_is_an_error() -> Outcome {
    let hard = Dense::<f64>::new(&with_spectrum(&graded(1e-6, 1.0, 100), 42));
    let short = (&hard).inverse_by_cg(CgOptions { iterations: 5, ..OPTIONS });
    assert!(matches!(short.apply(&normal(100, 2)), Err(CurvatureError::NotConverged { iterations: 5, .. })));
    // Martens's rule would stop at its first check, after 11 iterations.
    let slow = (&hard).inverse_by_cg(CgOptions { relative_progress: Some(1e3), ..OPTIONS });
    assert!(matches!(slow.apply(&normal(100, 2)), Err(CurvatureError::NotConverged { iterations: 11, .. })));
    let indefinite = Dense::<f64>::new(&-Array2::eye(4));
    assert!(matches!(
        (&indefinite).inverse_by_cg(OPTIONS).apply(&[1.0; 4]),
        Err(CurvatureError::NotPositiveDefinite { what: "the matrix", .. })
    ));
    assert!(matches!(
        FactoredInverse::new(&indefinite),
        Err(CurvatureError::Linalg(LinalgError::NotPositiveDefinite { pivot: 0 }))
    ));
    let inverse = Dense::<f64>::new(&Array2::eye(4)).inverse_by_factor()?;
    assert!(matches!(inverse.apply(&[1.0; 3]), Err(CurvatureError::Size { .. })));
    assert!(matches!((&indefinite).inverse_by_cg(OPTIONS).apply(&[1.0; 3]), Err(CurvatureError::Size { .. })));
    Ok(())
}
