//! Symmetric eigenvalues and eigenvectors, against known spectra.

use crate::matrices;

use matrices::{by_columns, eps, gapped, graded, narrow, norm, uniform, wide, with_spectrum};
use minima_linalg::{LinalgError, Real, symmetric_eigen, symmetric_eigenvalues};
use ndarray::{Array2, array};

/// Checks that every eigenvalue is within `n·eps` times the largest (Weyl), including the rounding of the input.
fn check<R: Real>(mut spectrum: Vec<f64>) -> Result<(), LinalgError> {
    let a: Array2<R> = narrow(&with_spectrum(&spectrum, 7));
    spectrum.sort_by(f64::total_cmp);
    let largest = spectrum.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    let bound = spectrum.len().max(8) as f64 * eps::<R>() * largest;
    for layout in [Array2::clone, by_columns::<R>, gapped::<R>] {
        let mut lower = layout(&a);
        for ((i, j), x) in lower.indexed_iter_mut() {
            if j > i {
                *x = R::nan();
            }
        }
        let found = symmetric_eigenvalues(lower.view())?;
        assert_eq!(found.len(), spectrum.len());
        for (found, exact) in found.iter().zip(&spectrum) {
            let found = found.to_f64().unwrap_or(f64::NAN);
            assert!((found - exact).abs() <= bound, "{found}, {exact}");
        }
        assert!(found.iter().zip(found.iter().skip(1)).all(|(a, b)| a <= b));

        let (values, vectors) = symmetric_eigen(lower.view())?;
        let (q, lambda) = (wide(vectors.view()), values.mapv(|x| x.to_f64().unwrap_or(f64::NAN)));
        // Backward stability: the residual of each column is a modest multiple of n·eps·‖A‖, and so is the departure from
        // orthogonality.
        let order = spectrum.len().max(8) as f64;
        let residual = wide(a.view()).dot(&q) - &q * &lambda;
        let allowed = 3.0 * bound * order.sqrt();
        assert!(norm(&residual) <= allowed, "residual {}, {allowed}", norm(&residual));
        let apart = norm(&(q.t().dot(&q) - Array2::<f64>::eye(spectrum.len())));
        assert!(apart <= 3.0 * order.powf(1.5) * eps::<R>(), "orthogonality {apart}");
        assert!(lambda.iter().zip(&spectrum).all(|(found, exact)| (found - exact).abs() <= bound));
    }
    Ok(())
}

fn spectra<R: Real>() -> Result<(), LinalgError> {
    check::<R>(vec![-3.0])?;
    check::<R>(vec![2.0, -1.0])?;
    check::<R>(graded(1e-6, 1e4, 150))?;
    check::<R>(vec![1.0; 40])?;
    let mut indefinite = graded(1e-2, 12_058.0, 333);
    for x in indefinite.iter_mut().step_by(2) {
        *x = -*x;
    }
    check::<R>(indefinite)
}

#[test]
fn known_spectra_come_back() -> Result<(), LinalgError> {
    spectra::<f32>()?;
    spectra::<f64>()
}

/// Checks one spectrum at every scale from the smallest numbers to the largest. The bound on eigenvalues is `n·ε` times the
/// largest, plus the smallest positive number, to which the input is rounded.
fn every_size<R: Real>(powers: std::ops::RangeInclusive<i32>, least: f64) -> Result<(), LinalgError> {
    let mut spectrum = graded(1e-3, 1.0, 12);
    spectrum.iter_mut().step_by(3).for_each(|x| *x = -*x);
    spectrum.extend([0.0; 4]);
    let unit = with_spectrum(&spectrum, 11);
    let order = spectrum.len() as f64;
    for power in powers {
        // Two factors, because their product may be subnormal.
        let factor = 2.0_f64.powi(power / 2) * 2.0_f64.powi(power - power / 2);
        let a: Array2<R> = narrow(&(&unit * factor));
        // Scales the rounded numbers back to size 1, where double precision resolves them.
        let back = |x: R| x.to_f64().unwrap_or(f64::NAN) * 2.0_f64.powi(-power / 2) * 2.0_f64.powi(-power + power / 2);
        let exact = symmetric_eigenvalues(a.mapv(back).view())?;
        let (values, vectors) = symmetric_eigen(a.view())?;
        let bound = 2.0 * order * eps::<R>() + least / factor;
        // A backend may compute the eigenvalues differently if no eigenvectors are requested.
        let values_alone = symmetric_eigenvalues(a.view())?;
        for (found, exact) in values.iter().zip(&exact).chain(values_alone.iter().zip(&exact)) {
            assert!((back(*found) - exact).abs() <= bound, "2^{power}: {} and not {exact}", back(*found));
        }
        let q = wide(vectors.view());
        let apart = norm(&(q.t().dot(&q) - Array2::<f64>::eye(q.nrows())));
        assert!(apart <= 3.0 * order.powf(1.5) * eps::<R>(), "2^{power}: orthogonality {apart}");
    }
    Ok(())
}

#[test]
fn eigenvalues_have_the_same_digits_at_every_size() -> Result<(), LinalgError> {
    every_size::<f32>(-146..=126, 2.0_f64.powi(-149))?;
    every_size::<f64>(-1070..=-950, f64::from_bits(1))?;
    every_size::<f64>(930..=1022, 0.0)
}

/// Blocks of very different sizes in one matrix. The small blocks may be subnormal.
#[test]
fn blocks_of_very_different_sizes_converge() -> Result<(), LinalgError> {
    for power in -149..=0 {
        let small = 2.0_f64.powi(power) as f32;
        for order in [2, 3, 5, 40] {
            let mut a: Array2<f32> = narrow::<f32>(&uniform(order, order, 5)).mapv(|x| x * small);
            a[[0, 0]] = 1.0;
            let lower = Array2::from_shape_fn((order, order), |(i, j)| if i >= j { a[[i, j]] } else { a[[j, i]] });
            let exact = symmetric_eigenvalues(wide(lower.view()).view())?;
            let bound = 2.0 * order as f64 * eps::<f32>();
            let values = symmetric_eigen(lower.view()).map(|(values, _)| values).unwrap_or_else(|error| {
                panic!("blocks of 2^{power}, order {order}: {error}");
            });
            assert!(
                values.iter().zip(&exact).all(|(x, e)| (f64::from(*x) - e).abs() <= bound * exact[order - 1].max(1.0))
            );
        }
    }
    Ok(())
}

#[test]
fn small_and_empty() -> Result<(), LinalgError> {
    assert_eq!(symmetric_eigenvalues(array![[4.0_f32]].view())?, array![4.0]);
    assert!(symmetric_eigenvalues(Array2::<f64>::zeros((0, 0)).view())?.is_empty());
    assert_eq!(symmetric_eigenvalues(Array2::<f64>::zeros((5, 5)).view())?.to_vec(), [0.0; 5]);
    assert_eq!(symmetric_eigen(Array2::<f32>::zeros((0, 0)).view())?.1.dim(), (0, 0));
    let (values, vectors) = symmetric_eigen(array![[2.0, f64::NAN], [1.0, 2.0]].view())?;
    assert!((values[0] - 1.0).abs() < 1e-15 && (values[1] - 3.0).abs() < 1e-15);
    assert!((vectors[[0, 0]] + vectors[[1, 0]]).abs() < 1e-15 && (vectors[[0, 1]] - vectors[[1, 1]]).abs() < 1e-15);
    Ok(())
}

#[test]
fn bad_input_is_named() {
    assert!(matches!(
        symmetric_eigenvalues(Array2::<f64>::zeros((2, 3)).view()),
        Err(LinalgError::Shape { what: "a", .. })
    ));
    let mut a = Array2::<f32>::eye(4);
    a[(3, 1)] = f32::INFINITY;
    assert_eq!(symmetric_eigenvalues(a.view()), Err(LinalgError::NotFinite { what: "a", row: 3, col: 1 }));
}
