//! LU: residuals, failures, layouts.

use crate::matrices;

use matrices::{by_columns, eps, gapped, graded, narrow, norm, uniform, wide, with_spectrum};
use minima_linalg::{LinalgError, Lu, Real, solve_general};
use ndarray::{Array1, Array2, Axis};

/// `‖b − A x‖ ≤ 3n·eps·growth·‖A‖·‖x‖` (Higham, Accuracy and Stability, theorem 9.4, in norms), with a growth factor of 8.
fn check_residual<R: Real>(a: &Array2<R>, x: &Array2<R>, b: &Array2<R>) {
    let (a, x, b) = (wide(a.view()), wide(x.view()), wide(b.view()));
    let bound = 24.0 * a.nrows() as f64 * eps::<R>() * norm(&a) * norm(&x);
    let residual = norm(&(a.dot(&x) - b));
    assert!(residual <= bound, "{residual} > {bound}");
}

fn solves<R: Real>() -> Result<(), LinalgError> {
    for order in [1, 2, 17, 64, 65, 333] {
        let a: Array2<R> = narrow(&uniform(order, order, 5));
        for columns in [1, 2, 140] {
            let b: Array2<R> = narrow(&uniform(order, columns, 9));
            for layout in [Array2::clone, by_columns::<R>, gapped::<R>] {
                let lu = Lu::factor(layout(&a))?;
                let x = lu.solve(layout(&b).view())?;
                assert!(x.is_standard_layout());
                check_residual(&a, &x, &b);
                assert_eq!(x, solve_general(layout(&a), b.view())?);
                let one = lu.solve_vec(b.column(0))?;
                check_residual(&a, &one.insert_axis(Axis(1)), &b.column(0).insert_axis(Axis(1)).to_owned());
            }
        }
    }
    Ok(())
}

#[test]
fn residuals_are_small() -> Result<(), LinalgError> {
    solves::<f32>()?;
    solves::<f64>()
}

#[test]
fn indefinite_and_graded() -> Result<(), LinalgError> {
    let mut spectrum = graded(1e-6, 1e4, 250);
    for x in spectrum.iter_mut().step_by(3) {
        *x = -*x;
    }
    let a = with_spectrum(&spectrum, 3);
    let b = uniform(250, 2, 4);
    check_residual(&a, &solve_general(a.clone(), b.view())?, &b);
    let narrowed: Array2<f32> = narrow(&a);
    let b: Array2<f32> = narrow(&b);
    check_residual(&narrowed, &solve_general(narrowed.clone(), b.view())?, &b);
    Ok(())
}

/// Scaling a system by a power of two does not change the digits of its solution, even with subnormal pivots.
#[test]
fn systems_of_every_size_are_solved() -> Result<(), LinalgError> {
    let a: Array2<f32> = narrow(&uniform(30, 30, 6));
    // Numbers of few digits are not rounded when the matrix is scaled down.
    let a = a.mapv(|x| (x * 8.0).round() / 8.0) + Array2::<f32>::eye(30) * 4.0;
    let b: Array2<f32> = narrow(&uniform(30, 2, 9));
    let plain = solve_general(a.clone(), b.view())?;
    for power in (-144..=122_i32).filter(|power| *power != 0) {
        let factor = 2.0_f64.powi(power);
        let small = a.mapv(|x| (f64::from(x) * factor) as f32);
        // The right-hand side is scaled too, so the solution stays the same.
        let b_small = b.mapv(|x| (f64::from(x) * factor) as f32);
        if power > -100 {
            check_residual(&small, &solve_general(small.clone(), b_small.view())?, &b_small);
        }
        // The smallest scaled elements of `b` would be rounded, so the solution is compared for a `b` of ordinary size.
        let x = wide(solve_general(small, (&b * 1e-3).view())?.view());
        let exact = wide(plain.view()) * (1e-3 / factor);
        if exact.iter().all(|x| x.abs() < f64::from(f32::MAX)) {
            // The condition number is about 10. The floor allows for subnormal solutions.
            let apart = norm(&(&x - &exact)) / norm(&exact);
            let floor = f64::from(f32::MIN_POSITIVE) / norm(&exact);
            assert!(apart < 1e-5 + floor, "2^{power}: {apart:e}");
        }
    }
    Ok(())
}

#[test]
fn rows_are_exchanged() -> Result<(), LinalgError> {
    let order = 200;
    let reversal = Array2::from_shape_fn((order, order), |(i, j)| f64::from(i + j == order - 1));
    let b = uniform(order, 1, 2).remove_axis(Axis(1));
    let x = Lu::factor(reversal)?.solve_vec(b.view())?;
    assert!(x.iter().eq(b.iter().rev()));
    Ok(())
}

#[test]
fn singular_matrices_name_their_pivot() {
    for (order, bad) in [(1, 0), (5, 3), (200, 0), (200, 63), (200, 64), (333, 332)] {
        let mut diagonal = Array1::from_elem(order, 2.0_f32);
        diagonal[bad] = 0.0;
        assert_eq!(Lu::factor(Array2::from_diag(&diagonal)).map(|_| ()), Err(LinalgError::Singular { pivot: bad }));
    }
    let twice = Array2::from_elem((150, 150), 1.0);
    assert_eq!(solve_general(twice, Array2::zeros((150, 1)).view()), Err(LinalgError::Singular { pivot: 1 }));
    let mut column = uniform(100, 100, 1);
    column.column_mut(70).fill(0.0);
    assert_eq!(Lu::factor(column).map(|_| ()), Err(LinalgError::Singular { pivot: 70 }));
}

#[test]
fn nothing_at_all() -> Result<(), LinalgError> {
    let empty = Lu::factor(Array2::<f64>::zeros((0, 0)))?;
    assert_eq!(empty.solve(Array2::zeros((0, 3)).view())?.dim(), (0, 3));
    let two = Lu::factor(Array2::<f32>::eye(2))?;
    assert_eq!(two.solve(Array2::zeros((2, 0)).view())?.dim(), (2, 0));
    Ok(())
}

#[test]
fn bad_input_is_named() -> Result<(), LinalgError> {
    assert!(matches!(Lu::factor(Array2::<f64>::zeros((3, 2))), Err(LinalgError::Shape { what: "a", .. })));
    assert!(matches!(
        solve_general(Array2::<f64>::eye(3), Array2::zeros((2, 1)).view()),
        Err(LinalgError::Shape { what: "b", .. })
    ));
    let mut a = Array2::eye(3);
    a[(0, 2)] = f32::NAN;
    assert!(matches!(Lu::factor(a), Err(LinalgError::NotFinite { what: "a", row: 0, col: 2 })));
    let b = Array2::from_elem((3, 1), f32::INFINITY);
    assert!(matches!(
        Lu::factor(Array2::eye(3))?.solve(b.view()),
        Err(LinalgError::NotFinite { what: "b", row: 0, col: 0 })
    ));
    Ok(())
}
