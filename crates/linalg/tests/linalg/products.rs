//! Products and symmetric updates, against triple loops in double precision.

use crate::matrices;

use matrices::{by_columns, cast, eps, gapped, narrow, uniform, wide};
use minima_linalg::{LinalgError, Real, matmul, syrk_lower};
use ndarray::Array2;

/// Checks that the error of each element is at most `(k + 3)·eps` times the sum of the absolute values of its terms (Higham,
/// Accuracy and Stability, section 3.5).
fn check<R: Real>(
    found: &Array2<R>,
    (alpha, a, b): (f64, &Array2<R>, &Array2<R>),
    (beta, c): (f64, &Array2<R>),
    lower: bool,
) {
    let (a, b, c) = (wide(a.view()), wide(b.view()), wide(c.view()));
    let exact = a.dot(&b) * alpha + &c * beta;
    let size = a.mapv(f64::abs).dot(&b.mapv(f64::abs)) * alpha.abs() + c.mapv(f64::abs) * beta.abs();
    let relative = (a.ncols() + 3) as f64 * eps::<R>();
    for ((at, found), before) in wide(found.view()).indexed_iter().zip(&c) {
        if lower && at.1 > at.0 {
            assert_eq!(found, before, "above the diagonal at {at:?}");
        } else {
            assert!((found - exact[at]).abs() <= relative * size[at], "{at:?}: {found}, {}", exact[at]);
        }
    }
}

fn matmul_is_right<R: Real>() -> Result<(), LinalgError> {
    for (m, k, n) in [(1, 1, 1), (7, 5, 3), (33, 64, 1), (1, 40, 50), (333, 70, 341), (700, 9, 20)] {
        let a: Array2<R> = narrow(&uniform(m, k, 1));
        let b: Array2<R> = narrow(&uniform(k, n, 2));
        let c: Array2<R> = narrow(&uniform(m, n, 3));
        for (alpha, beta) in [(1.0, 0.0), (-0.5, 1.0), (2.0, -0.25)] {
            for layout in [Array2::clone, by_columns::<R>, gapped::<R>] {
                let (a, b, mut found) = (layout(&a), layout(&b), layout(&c));
                matmul(cast(alpha), a.view(), b.view(), cast(beta), found.view_mut())?;
                check(&found, (alpha, &a, &b), (beta, &c), false);
            }
        }
    }
    Ok(())
}

#[test]
fn matmul_is_right_in_both_precisions() -> Result<(), LinalgError> {
    matmul_is_right::<f32>()?;
    matmul_is_right::<f64>()
}

fn syrk_is_right<R: Real>() -> Result<(), LinalgError> {
    for (k, n) in [(1, 1), (5, 7), (40, 130), (336, 333), (3, 700)] {
        let a: Array2<R> = narrow(&uniform(k, n, 1));
        let c: Array2<R> = narrow(&uniform(n, n, 3));
        for (alpha, beta) in [(1.0, 0.0), (-0.5, 1.0), (2.0, -0.25)] {
            for layout in [Array2::clone, by_columns::<R>, gapped::<R>] {
                let (a, mut found) = (layout(&a), layout(&c));
                syrk_lower(cast(alpha), a.view(), cast(beta), found.view_mut())?;
                check(&found, (alpha, &a.t().to_owned(), &a), (beta, &c), true);
            }
        }
    }
    Ok(())
}

#[test]
fn syrk_is_right_in_both_precisions() -> Result<(), LinalgError> {
    syrk_is_right::<f32>()?;
    syrk_is_right::<f64>()
}

#[test]
fn no_inner_dimension_scales() -> Result<(), LinalgError> {
    let none = Array2::<f64>::zeros((3, 0));
    let mut c = Array2::from_elem((3, 3), 2.0);
    matmul(1.0, none.view(), none.t(), 0.5, c.view_mut())?;
    assert_eq!(c, Array2::from_elem((3, 3), 1.0));
    syrk_lower(1.0, none.t(), 0.0, c.view_mut())?;
    assert_eq!(c[(2, 0)], 0.0);
    assert_eq!(c[(0, 2)], 1.0);
    matmul(1.0, none.view(), none.t(), 0.0, c.view_mut())?;
    assert_eq!(c, Array2::zeros((3, 3)));
    let mut empty = Array2::<f64>::zeros((0, 0));
    matmul(1.0, none.t(), none.view(), 0.0, empty.view_mut())?;
    syrk_lower(1.0, none.view(), 0.0, empty.view_mut())
}

#[test]
fn not_a_number_propagates_but_not_through_beta_zero() -> Result<(), LinalgError> {
    let mut a = Array2::<f32>::eye(4);
    a[(1, 2)] = f32::NAN;
    let eye = Array2::eye(4);
    let mut c = Array2::from_elem((4, 4), f32::NAN);
    matmul(1.0, a.view(), eye.view(), 0.0, c.view_mut())?;
    assert!(c.row(1).iter().all(|x| x.is_nan()));
    assert_eq!(c.row(0).to_vec(), [1.0, 0.0, 0.0, 0.0]);
    Ok(())
}

#[test]
fn shapes_are_checked() {
    let a = Array2::<f64>::zeros((2, 3));
    let mut c = Array2::<f64>::zeros((2, 2));
    assert_eq!(
        matmul(1.0, a.view(), a.view(), 0.0, c.view_mut()),
        Err(LinalgError::Shape { what: "b", found: (2, 3), expected: (3, 3) })
    );
    assert_eq!(
        syrk_lower(1.0, a.view(), 0.0, c.view_mut()),
        Err(LinalgError::Shape { what: "c", found: (2, 2), expected: (3, 3) })
    );
}
