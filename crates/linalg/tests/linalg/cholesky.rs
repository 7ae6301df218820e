//! Cholesky: residuals, failures, layouts.

use crate::matrices;

use matrices::{by_columns, eps, gapped, graded, narrow, norm, uniform, wide, with_spectrum};
use minima_linalg::{Cholesky, LinalgError, Real};
use ndarray::{Array1, Array2, Axis};

/// `‖b − A x‖ ≤ (3n + 1)·eps·‖A‖·‖x‖` (Higham, Accuracy and Stability, theorem 10.4, in norms).
fn check_residual<R: Real>(a: &Array2<R>, x: &Array2<R>, b: &Array2<R>) {
    let (a, x, b) = (wide(a.view()), wide(x.view()), wide(b.view()));
    let bound = (3 * a.nrows() + 1) as f64 * eps::<R>() * norm(&a) * norm(&x);
    let residual = norm(&(a.dot(&x) - b));
    assert!(residual <= bound, "{residual} > {bound}");
}

fn solves<R: Real>(condition: f64) -> Result<(), LinalgError> {
    for order in [1, 2, 17, 128, 129, 333] {
        let spectrum = if order == 1 { vec![3.0] } else { graded(1.0, condition, order) };
        let a: Array2<R> = narrow(&with_spectrum(&spectrum, 5));
        for columns in [1, 3, 140] {
            let b: Array2<R> = narrow(&uniform(order, columns, 9));
            for layout in [Array2::clone, by_columns::<R>, gapped::<R>] {
                let mut lower = layout(&a);
                for ((i, j), x) in lower.indexed_iter_mut() {
                    if j > i {
                        *x = R::nan();
                    }
                }
                let cholesky = Cholesky::factor(lower)?;
                let x = cholesky.solve(layout(&b).view())?;
                assert!(x.is_standard_layout());
                check_residual(&a, &x, &b);
                let one = cholesky.solve_vec(b.column(0))?;
                check_residual(&a, &one.insert_axis(Axis(1)), &b.column(0).insert_axis(Axis(1)).to_owned());
            }
        }
    }
    Ok(())
}

#[test]
fn residuals_are_small() -> Result<(), LinalgError> {
    solves::<f32>(1e3)?;
    solves::<f64>(1e9)
}

#[test]
fn an_inverse_has_the_digits_of_the_solved_identity() -> Result<(), LinalgError> {
    for order in [1, 2, 17, 129, 333] {
        let spectrum = if order == 1 { vec![3.0] } else { graded(1.0, 1e3, order) };
        let a: Array2<f32> = narrow(&with_spectrum(&spectrum, 5));
        for layout in [Array2::clone, by_columns::<f32>, gapped::<f32>] {
            let cholesky = Cholesky::factor(layout(&a))?;
            let solved = cholesky.solve(Array2::eye(order).view())?;
            assert_eq!(cholesky.into_inverse()?, solved, "{order}");
        }
    }
    assert_eq!(Cholesky::factor(Array2::<f64>::zeros((0, 0)))?.into_inverse()?.dim(), (0, 0));
    Ok(())
}

#[test]
fn forward_error_follows_the_condition() -> Result<(), LinalgError> {
    let order = 150;
    let a = with_spectrum(&graded(1e-6, 1e4, order), 3);
    let exact = uniform(order, 2, 4);
    let x = Cholesky::factor(a.clone())?.solve(a.dot(&exact).view())?;
    let bound = (3 * order + 1) as f64 * f64::EPSILON * 1e10 * norm(&exact);
    assert!(norm(&(x - exact)) <= bound);
    Ok(())
}

/// Scaling a positive definite matrix by a power of two scales its factor by the square root, with the same digits.
#[test]
fn factors_have_the_same_digits_at_every_size() -> Result<(), LinalgError> {
    let square: Array2<f32> = narrow(&uniform(20, 20, 6));
    let square = square.mapv(|x| (x * 8.0).round() / 8.0);
    // Multiples of 1/64 up to about 30 keep all digits down to a scale of 2^-143.
    let a = square.t().dot(&square) + Array2::<f32>::eye(20);
    let plain = Cholesky::factor(a.clone())?.into_factor();
    for power in (-142..=122_i32).step_by(2) {
        let scaled = a.mapv(|x| (f64::from(x) * 2.0_f64.powi(power)) as f32);
        let found = Cholesky::factor(scaled)?.into_factor();
        for ((i, j), x) in found.indexed_iter().filter(|((i, j), _)| j <= i) {
            let exact = f64::from(plain[[i, j]]) * 2.0_f64.powi(power / 2);
            assert!((f64::from(*x) - exact).abs() <= 1e-7 * exact.abs(), "2^{power}: {x:e} and not {exact:e}");
        }
    }
    Ok(())
}

#[test]
fn hilbert_is_solved_or_refused() -> Result<(), LinalgError> {
    let hilbert = |n| Array2::from_shape_fn((n, n), |(i, j)| 1.0 / (i + j + 1) as f64);
    for order in 1..=12 {
        let a = hilbert(order);
        let b = uniform(order, 1, 1);
        check_residual(&a, &Cholesky::factor(a.clone())?.solve(b.view())?, &b);
    }
    assert!(matches!(Cholesky::factor(narrow::<f32>(&hilbert(40))), Err(LinalgError::NotPositiveDefinite { .. })));
    let graded: Array2<f32> = narrow(&with_spectrum(&graded(1e-6, 1e4, 150), 3));
    let b = narrow(&uniform(150, 1, 1));
    match Cholesky::factor(graded.clone()) {
        Ok(cholesky) => check_residual(&graded, &cholesky.solve(b.view())?, &b),
        Err(error) => assert!(matches!(error, LinalgError::NotPositiveDefinite { .. })),
    }
    Ok(())
}

#[test]
fn indefinite_matrices_name_their_pivot() {
    for (order, bad) in [(1, 0), (5, 3), (200, 0), (200, 127), (200, 150), (333, 332)] {
        for value in [-1.0, 0.0] {
            let mut diagonal = Array1::from_elem(order, 2.0);
            diagonal[bad] = value;
            assert_eq!(
                Cholesky::factor(Array2::from_diag(&diagonal)).map(|_| ()),
                Err(LinalgError::NotPositiveDefinite { pivot: bad })
            );
        }
    }
    let mut spectrum = graded(1e-3, 1e2, 300);
    spectrum[0] = -1e2;
    assert!(matches!(Cholesky::factor(with_spectrum(&spectrum, 1)), Err(LinalgError::NotPositiveDefinite { .. })));
    assert!(matches!(
        Cholesky::factor(Array2::from_elem((2, 2), 1.0_f32)),
        Err(LinalgError::NotPositiveDefinite { pivot: 1 })
    ));
}

#[test]
fn determinant() -> Result<(), LinalgError> {
    let spectrum = graded(1e-3, 1e5, 140);
    let exact: f64 = spectrum.iter().map(|x| x.ln()).sum();
    let found = Cholesky::factor(with_spectrum(&spectrum, 1))?.log_det();
    // Rounding changes each ln λ by at most eps·cond.
    assert!((found - exact).abs() <= 140.0 * f64::EPSILON * 1e8 * 140.0);
    let diagonal = Array2::from_diag(&Array1::from(vec![4.0_f32, 9.0]));
    assert!((Cholesky::factor(diagonal)?.log_det() - 36.0_f32.ln()).abs() < 1e-6);
    Ok(())
}

#[test]
fn nothing_at_all() -> Result<(), LinalgError> {
    let empty = Cholesky::factor(Array2::<f64>::zeros((0, 0)))?;
    assert_eq!(empty.log_det(), 0.0);
    assert_eq!(empty.solve(Array2::zeros((0, 3)).view())?.dim(), (0, 3));
    assert_eq!(empty.solve_vec(Array1::zeros(0).view())?.len(), 0);
    let two = Cholesky::factor(Array2::<f32>::eye(2))?;
    assert_eq!(two.solve(Array2::zeros((2, 0)).view())?.dim(), (2, 0));
    Ok(())
}

#[test]
fn bad_input_is_named() -> Result<(), LinalgError> {
    assert_eq!(
        Cholesky::factor(Array2::<f64>::zeros((3, 2))).map(|_| ()),
        Err(LinalgError::Shape { what: "a", found: (3, 2), expected: (3, 3) })
    );
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut a = Array2::eye(300);
        a[(250, 7)] = bad;
        assert_eq!(Cholesky::factor(a).map(|_| ()), Err(LinalgError::NotFinite { what: "a", row: 250, col: 7 }));
        let mut b = Array2::zeros((3, 2));
        b[(2, 1)] = bad;
        assert_eq!(
            Cholesky::factor(Array2::eye(3))?.solve(b.view()),
            Err(LinalgError::NotFinite { what: "b", row: 2, col: 1 })
        );
    }
    assert_eq!(
        Cholesky::factor(Array2::<f64>::eye(3))?.solve_vec(Array1::zeros(2).view()),
        Err(LinalgError::Shape { what: "b", found: (2, 1), expected: (3, 1) })
    );
    Ok(())
}
