//! Estimates of traces and diagonals compared with dense matrices.

use crate::matrices;

use matrices::{Dense, graded, indefinite, with_spectrum};
use minima_autodiff::Scalar;
use minima_curvature::{CurvatureError, diagonal_hutchinson, trace_hutch_pp, trace_hutchinson};
use minima_rng::Key;
use ndarray::{Array2, array, aview1};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[test]
fn hutchinson_is_unbiased_and_knows_its_error() -> Outcome {
    for (name, spectrum) in [("graded", graded(1e-3, 10.0, 100)), ("indefinite", indefinite(150))] {
        let a = Dense::<f64>::new(&with_spectrum(&spectrum, 31));
        let trace: f64 = spectrum.iter().sum();
        // Its variance for one probe: twice the sum of squared off-diagonal entries.
        let beside = a.matrix.iter().map(|x| x * x).sum::<f64>() - a.matrix.diag().iter().map(|x| x * x).sum::<f64>();
        let (probes, keys) = (100, 40);
        let expected = (2.0 * beside / probes as f64).sqrt();
        let mut mean = 0.0;
        for seed in 0..keys {
            let found = trace_hutchinson(&a, probes, Key::new(seed))?;
            assert_eq!(a.count(), probes);
            assert!((found.value - trace).abs() < 4.0 * expected, "{name}: {found:?} and not {trace}");
            // The standard deviation of the spread of 100 samples is about a tenth.
            assert!((found.standard_error / expected - 1.0).abs() < 0.4, "{name}: {found:?} and not {expected}");
            mean += found.value / keys as f64;
        }
        assert!((mean - trace).abs() < 4.0 * expected / (keys as f64).sqrt(), "{name}: {mean} and not {trace}");
    }
    Ok(())
}

#[test]
fn hutch_pp_is_exact_for_low_rank_and_better_for_decay() -> Outcome {
    let mut low = graded(0.1, 50.0, 10);
    low.extend([0.0; 190]);
    let trace: f64 = low.iter().sum();
    let a = Dense::<f64>::new(&with_spectrum(&low, 32));
    for products in [30, 48, 90] {
        let found = trace_hutch_pp(&a, products, Key::new(1))?;
        assert!((found.value - trace).abs() < 1e-11 * trace, "{found:?} and not {trace}");
        assert!(found.standard_error < 1e-11 * trace && a.count() <= products);
    }
    // Rank 10 from a sketch of 9: not exact.
    assert!((trace_hutch_pp(&a, 27, Key::new(1))?.value - trace).abs() > 1e-6 * trace);

    let spectrum: Vec<f64> = (1..=300).map(|i| f64::from(i).powi(-2)).collect();
    let trace: f64 = spectrum.iter().sum();
    let a = Dense::<f64>::new(&with_spectrum(&spectrum, 33));
    let (mut plain, mut better, mut mean) = (0.0, 0.0, 0.0);
    for seed in 0..20 {
        plain += (trace_hutchinson(&a, 60, Key::new(seed))?.value - trace).powi(2);
        let found = trace_hutch_pp(&a, 60, Key::new(seed))?;
        assert!((found.value - trace).abs() < 5.0 * found.standard_error, "{found:?} and not {trace}");
        better += (found.value - trace).powi(2);
        mean += (found.value - trace) / 20.0;
    }
    assert!(better < plain / 50.0, "{better:e} against {plain:e}");
    assert!(mean.abs() < 4.0 * (better / 400.0).sqrt());
    Ok(())
}

/// Matrices of low rank whose ranges lie on few coordinates, or on all.
fn low_rank() -> Vec<(&'static str, Array2<f64>, usize)> {
    let mut two = Array2::zeros((50, 50));
    (two[[0, 0]], two[[1, 1]]) = (5.0, 3.0);
    // As in the Gauss-Newton matrix of a network on blank images: `diag(p) − p pᵀ` on the output biases, of rank C − 1.
    let biases = |classes: usize| {
        let weights: Vec<f64> = (0..classes).map(|c| f64::from((c % 4 + 1) as u32)).collect();
        let sum: f64 = weights.iter().sum();
        Array2::from_shape_fn((60, 60), |(i, j)| match (i.checked_sub(40), j.checked_sub(40)) {
            (Some(i), Some(j)) if i < classes && j < classes => {
                weights[i] / sum * (f64::from(i == j) - weights[j] / sum)
            }
            _ => 0.0,
        })
    };
    let mut rotated = vec![7.0, -2.0, 0.5];
    rotated.extend([0.0; 30]);
    vec![
        ("difference", array![[1.0, -1.0], [-1.0, 1.0]], 4),
        ("two numbers", two, 6),
        ("2 classes", biases(2), 4),
        ("3 classes", biases(3), 6),
        ("10 classes", biases(10), 27),
        ("rotated", with_spectrum(&rotated, 35), 9),
        ("the whole space", array![[2.0, 1.0], [1.0, -3.0]], 6),
        ("zero", Array2::zeros((5, 5)), 4),
    ]
}

/// The range has an error of ε times the condition number of the sketch, and the error of the trace is its square plus
/// rounding. Of 200 sketches of at most nine normal numbers in each dimension, the worst condition number is about 10⁴.
fn low_rank_is_exact<T: Scalar>() -> Outcome {
    for (name, matrix, products) in low_rank() {
        let a = Dense::<T>::new(&matrix);
        let trace: f64 = a.matrix.diag().iter().map(|x| x.as_f64()).sum();
        let size = matrix.iter().map(|x| x * x).sum::<f64>().sqrt();
        let bound = 1e3 * T::epsilon().as_f64() * size;
        for seed in 0..200 {
            let found = trace_hutch_pp(&a, products, Key::new(seed))?;
            assert!((found.value - trace).abs() <= bound, "{name}, key {seed}: {found:?} and not {trace}");
            assert!(found.standard_error <= bound, "{name}, key {seed}: {found:?}");
            assert!(a.count() <= products);
        }
    }
    Ok(())
}

#[test]
fn hutch_pp_is_exact_for_low_rank_on_any_coordinates() -> Outcome {
    low_rank_is_exact::<f32>()?;
    low_rank_is_exact::<f64>()
}

/// The rank is too high for the sketch, and the range lies on few coordinates, for which samples of random signs
/// coincide.
#[test]
fn the_standard_error_of_hutch_pp_is_not_zero_where_the_estimate_is_wrong() -> Outcome {
    let swap = array![[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]];
    let mut blocks = Array2::zeros((8, 8));
    for i in 0..4 {
        (blocks[[2 * i, 2 * i + 1]], blocks[[2 * i + 1, 2 * i]]) = (1.0, 1.0);
    }
    for (matrix, products) in [(swap, 4), (blocks, 6), (Array2::from_diag(&aview1(&[3.0, 2.0, 1.0, 0.0])), 4)] {
        let trace = matrix.diag().sum();
        let a = Dense::<f64>::new(&matrix);
        let (mut mean, mut square) = (0.0, 0.0);
        for seed in 0..2000 {
            let found = trace_hutch_pp(&a, products, Key::new(seed))?;
            let error = found.value - trace;
            assert!(error.abs() < 1e-12 || found.standard_error > 1e-6 * error.abs(), "{found:?} and not {trace}");
            (mean, square) = (mean + error / 2000.0, square + error * error / 2000.0);
        }
        // Unbiased: within four standard errors.
        assert!(mean.abs() < 4.0 * (square / 2000.0).sqrt(), "{mean}");
    }
    // For a multiple of the identity, any probes are exact.
    let found = trace_hutch_pp(&Dense::<f64>::new(&(Array2::eye(9) * 3.0)), 6, Key::new(0))?;
    assert!((found.value - 27.0).abs() < 1e-13 && found.standard_error < 1e-13);
    Ok(())
}

#[test]
fn the_diagonal_is_unbiased() -> Outcome {
    let a = Dense::<f64>::new(&with_spectrum(&indefinite(60), 34));
    let probes = 4000;
    let found = diagonal_hutchinson(&a, probes, Key::new(2))?;
    let mut within = 0;
    for (i, row) in a.matrix.rows().into_iter().enumerate() {
        let beside = row.dot(&row) - row[i] * row[i];
        let expected = (beside / probes as f64).sqrt();
        assert!((found.standard_errors[i] / expected - 1.0).abs() < 0.1, "{i}");
        assert!((found.values[i] - row[i]).abs() < 4.5 * expected, "{i}");
        within += usize::from((found.values[i] - row[i]).abs() < expected);
    }
    // Two thirds of 60 normal numbers are within their deviation: 41 ± 3.6.
    assert!((27..=55).contains(&within), "{within}");
    let exact =
        diagonal_hutchinson(&Dense::<f32>::new(&Array2::from_diag(&ndarray::aview1(&[2.0, -3.0]))), 2, Key::new(0))?;
    assert_eq!((exact.values, exact.standard_errors), (vec![2.0, -3.0], vec![0.0, 0.0]));
    Ok(())
}

#[test]
fn bad_input_is_named() {
    let a = Dense::<f64>::new(&Array2::eye(3));
    let nan = Dense::<f64>::new(&Array2::from_elem((3, 3), f64::NAN));
    let key = Key::new(0);
    assert!(matches!(trace_hutchinson(&a, 1, key), Err(CurvatureError::Option { option: "probes", .. })));
    assert!(matches!(trace_hutch_pp(&a, 3, key), Err(CurvatureError::Option { option: "products", .. })));
    assert!(matches!(diagonal_hutchinson(&a, 0, key), Err(CurvatureError::Option { option: "probes", .. })));
    assert!(matches!(trace_hutchinson(&nan, 5, key), Err(CurvatureError::NotFinite { .. })));
    assert!(matches!(trace_hutch_pp(&nan, 5, key), Err(CurvatureError::NotFinite { .. })));
    assert!(matches!(diagonal_hutchinson(&nan, 5, key), Err(CurvatureError::NotFinite { .. })));
}
