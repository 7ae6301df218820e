//! The Lanczos process and eigenpairs compared with known spectra.

use crate::matrices;

use matrices::{Dense, graded, normal, with_spectrum};
use minima_autodiff::Scalar;
use minima_curvature::{
    CurvatureError, EigenOptions, Eigenpair, LanczosOptions, LinearOperator, SymmetricOperator, bottom_eigenpairs,
    lanczos, lanczos_from, top_eigenpairs,
};
use minima_linalg::symmetric_eigen;
use minima_rng::Key;
use ndarray::{Array2, aview1};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn spectra() -> Vec<(&'static str, Vec<f64>)> {
    let clustered = (0..90).map(|i| f64::from(i / 30) + 1e-4 * f64::from(i % 30)).collect();
    let indefinite = (0..120).map(|i| f64::from(i - 40).powi(3) / 1e4).collect();
    let mut deficient = graded(1e-3, 1e2, 20);
    deficient.extend([0.0; 180]);
    vec![
        ("decaying", graded(1e-8, 1e3, 250)),
        ("clustered", clustered),
        ("indefinite", indefinite),
        ("rank-deficient", deficient),
        ("repeated", [vec![-1.0; 20], vec![3.0; 4], vec![5.0; 3], vec![0.5; 40]].concat()),
        ("identity", vec![1.0; 30]),
        ("zero", vec![0.0; 30]),
        ("negative", graded(-5.0, -0.1, 60)),
        ("of order 2", vec![-2.0, 7.0]),
        ("of order 1", vec![-3.0]),
    ]
}

/// Compares values with the end of the spectrum, within `tolerance`, and checks vectors by their residuals and inner
/// products.
fn check<T: Scalar>(name: &str, a: &Dense<T>, found: &[Eigenpair<T>], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{name}");
    let matrix = a.matrix.mapv(Scalar::as_f64);
    for (i, (pair, value)) in found.iter().zip(expected).enumerate() {
        assert!(pair.converged, "{name}: {i}");
        assert!((pair.value - value).abs() <= tolerance, "{name}: {i} is {} and not {value}", pair.value);
        let y = aview1(&pair.vector).mapv(Scalar::as_f64);
        let left = matrix.dot(&y) - pair.value * &y;
        assert!(left.dot(&left).sqrt() <= pair.residual + tolerance, "{name}: {i}");
        for (j, other) in found.iter().enumerate() {
            let expected = f64::from(u8::from(i == j));
            let product = y.dot(&aview1(&other.vector).mapv(Scalar::as_f64));
            assert!((product - expected).abs() < 256.0 * T::epsilon().as_f64(), "{name}: {i} {j} {product}");
        }
    }
}

#[test]
fn eigenpairs_of_known_spectra() -> Outcome {
    // Residuals of 1e-10 of the largest eigenvalue bound the values' errors (Weyl). The small end of a decaying
    // spectrum needs the whole space.
    let options = EigenOptions { tolerance: 1e-10, basis: 250, ..EigenOptions::default() };
    for (name, mut spectrum) in spectra() {
        let a = Dense::<f64>::new(&with_spectrum(&spectrum, 21));
        spectrum.sort_by(f64::total_cmp);
        let largest = spectrum[0].abs().max(spectrum[spectrum.len() - 1].abs());
        for count in [1, 5, 12] {
            let count = count.min(spectrum.len());
            let top = top_eigenpairs(&a, count, &options)?;
            let taken = a.count();
            let bottom = bottom_eigenpairs(&a, count, &options)?;
            println!("{name}, {count}: {taken} and {} products", a.count());
            let expected: Vec<f64> = spectrum.iter().rev().take(count).copied().collect();
            check(name, &a, &top, &expected, 1e-9 * largest);
            check(name, &a, &bottom, &spectrum[..count], 1e-9 * largest);
        }
    }
    Ok(())
}

#[test]
fn every_copy_of_an_eigenvalue_is_found() -> Outcome {
    // A Krylov space of hundreds of eigenvalues does not break down, and contains one vector per eigenvalue until
    // rounding adds others.
    let mut spectrum = graded(1e-4, 10.0, 300);
    spectrum.extend([10.0, 10.0, 20.0, 20.0]);
    let a = Dense::<f64>::new(&with_spectrum(&spectrum, 27));
    spectrum.sort_by(|a, b| b.total_cmp(a));
    let options = EigenOptions { tolerance: 1e-4, ..EigenOptions::default() };
    check("every copy", &a, &top_eigenpairs(&a, 6, &options)?, &spectrum[..6], 2e-3);
    let once = top_eigenpairs(&a, 2, &EigenOptions { repeated: false, ..options })?;
    check("once", &a, &once, &[20.0, 10.0], 2e-3);
    Ok(())
}

#[test]
fn small_bases_restart() -> Outcome {
    let spectrum = graded(1e-4, 10.0, 400);
    let a = Dense::<f64>::new(&with_spectrum(&spectrum, 22));
    let expected: Vec<f64> = spectrum.iter().rev().take(6).copied().collect();
    let large = EigenOptions { tolerance: 1e-9, repeated: false, ..EigenOptions::default() };
    let small = EigenOptions { basis: 0, ..large };
    check("large", &a, &top_eigenpairs(&a, 6, &large)?, &expected, 1e-8);
    let unrestarted = a.count();
    // 22 vectors: twice the count plus ten.
    check("small", &a, &top_eigenpairs(&a, 6, &small)?, &expected, 1e-8);
    let restarted = a.count();
    assert!(restarted > 22 && restarted < 3 * unrestarted, "{restarted}, {unrestarted}");
    Ok(())
}

#[test]
fn what_did_not_converge_says_so() -> Outcome {
    let spectrum: Vec<f64> = (0..300).map(|i| 1.0 + 1e-3 * f64::from(i)).collect();
    let a = Dense::<f64>::new(&with_spectrum(&spectrum, 23));
    let options = EigenOptions { tolerance: 1e-12, products: 12, ..EigenOptions::default() };
    let found = top_eigenpairs(&a, 3, &options)?;
    assert_eq!((found.len(), a.count()), (3, 12 + 3));
    for pair in &found {
        assert!(!pair.converged);
        // The value is nevertheless within the residual of an eigenvalue.
        let nearest = spectrum.iter().map(|x| (x - pair.value).abs()).fold(f64::INFINITY, f64::min);
        assert!(nearest <= pair.residual);
    }
    Ok(())
}

#[test]
fn the_factorization_holds() -> Outcome {
    // Many steps beyond convergence: without reorthogonalization, Q would have lost its orthogonality long before.
    let spectrum = graded(1e-6, 1e2, 150);
    let a = Dense::<f64>::new(&with_spectrum(&spectrum, 25));
    for steps in [1, 7, 100, 150, 1000] {
        let found = lanczos(&a, &LanczosOptions { steps, key: Key::new(5) })?;
        let k = found.diagonal.len();
        assert!(k <= steps.min(150) && found.off_diagonal.len() + 1 == k && found.basis.len() == k);
        let q = Array2::from_shape_fn((150, k), |(i, j)| found.basis[j][i]);
        assert!((q.t().dot(&q) - Array2::<f64>::eye(k)).iter().all(|x| x.abs() < 1e-13));
        let apart = a.matrix.dot(&q) - q.dot(&found.tridiagonal());
        for (j, column) in apart.columns().into_iter().enumerate() {
            let expected = if j + 1 == k { found.residual } else { 0.0 };
            let size = column.dot(&column).sqrt();
            assert!((size - expected).abs() < 1e-11, "{steps}, {j}: {size} and not {expected}");
        }
        // A Gauss quadrature: exact moments up to 2k − 1.
        let ritz = found.ritz()?;
        let start = q.column(0);
        let mut power = start.to_owned();
        for degree in 1..(2 * k).min(6) {
            power = a.matrix.dot(&power);
            let sum: f64 = ritz.values.iter().zip(&ritz.weights).map(|(x, w)| w * x.powi(degree as i32)).sum();
            let exact = start.dot(&power);
            assert!((sum - exact).abs() < 1e-11 * exact.abs(), "{steps}, {degree}: {sum} and not {exact}");
        }
        for (value, residual) in ritz.values.iter().zip(&ritz.residuals) {
            let nearest = spectrum.iter().map(|x| (x - value).abs()).fold(f64::INFINITY, f64::min);
            assert!(nearest <= residual + 1e-11, "{value}");
        }
    }
    Ok(())
}

#[test]
fn a_start_is_divided_among_ranges_of_eigenvalues() -> Outcome {
    let spectrum = graded(1e-4, 1e2, 60);
    let a = Dense::<f64>::new(&with_spectrum(&spectrum, 5));
    let start = normal(60, 9);
    let (values, vectors) = symmetric_eigen(a.matrix.view())?;
    let shares = vectors.t().dot(&aview1(&start)).mapv(|x| x * x);
    let squared: f64 = start.iter().map(|x| x * x).sum();
    let ritz = lanczos_from(&a, &start, 60)?.ritz()?;
    // With all steps, the nodes are the eigenvalues. Neighbours are 26 % apart, and both are accurate to 1e-12 or
    // better.
    for limit in [1.1e-3, 1.1e-2, 0.11, 1.1, 11.0] {
        let below = |values: &[f64], weights: &[f64]| -> f64 {
            values.iter().zip(weights).filter(|(value, _)| **value < limit).map(|(_, weight)| weight).sum()
        };
        let expected = below(&values.to_vec(), &shares.to_vec()) / squared;
        let found = below(&ritz.values, &ritz.weights);
        assert!((found - expected).abs() < 1e-10, "{limit}: {found} and not {expected}");
    }
    Ok(())
}

#[test]
fn invariant_spaces_end_the_process() -> Outcome {
    let three = [vec![1.0; 10], vec![2.0; 10], vec![-4.0; 10]].concat();
    let found = lanczos(&Dense::<f64>::new(&Array2::from_diag(&aview1(&three))), &LanczosOptions::default())?;
    assert_eq!((found.diagonal.len(), found.residual), (3, 0.0));
    for (value, expected) in found.ritz()?.values.iter().zip([-4.0, 1.0, 2.0]) {
        assert!((value - expected).abs() < 1e-12);
    }
    let zero = lanczos(&Dense::<f64>::new(&Array2::zeros((4, 4))), &LanczosOptions::default())?;
    assert_eq!((zero.diagonal, zero.residual), (vec![0.0], 0.0));
    let unit = lanczos_from(&Dense::<f64>::new(&Array2::from_diag(&aview1(&[2.0, 3.0]))), &[0.0, 7.0], 5)?;
    assert_eq!((unit.basis, unit.diagonal), (vec![vec![0.0, 1.0]], vec![3.0]));
    Ok(())
}

#[test]
fn bad_input_is_named() {
    let a = Dense::<f64>::new(&Array2::eye(3));
    let wide = Dense::<f64>::new(&Array2::zeros((2, 3)));
    let nan = Dense::<f64>::new(&Array2::from_elem((3, 3), f64::NAN));
    assert!(matches!(lanczos(&wide, &LanczosOptions::default()), Err(CurvatureError::Size { .. })));
    assert!(matches!(lanczos(&nan, &LanczosOptions::default()), Err(CurvatureError::NotFinite { .. })));
    assert!(matches!(lanczos_from(&a, &[0.0; 3], 2), Err(CurvatureError::Option { option: "start", .. })));
    assert!(matches!(lanczos_from(&a, &normal(2, 0), 2), Err(CurvatureError::Size { .. })));
    assert!(matches!(lanczos_from(&a, &[1.0; 3], 0), Err(CurvatureError::Option { option: "steps", .. })));
    let few = EigenOptions { products: 1, ..EigenOptions::default() };
    assert!(matches!(top_eigenpairs(&a, 2, &few), Err(CurvatureError::Option { option: "products", .. })));
    assert!(matches!(top_eigenpairs(&nan, 2, &EigenOptions::default()), Err(CurvatureError::NotFinite { .. })));
    assert!(top_eigenpairs(&a, 0, &few).is_ok_and(|found| found.is_empty()));
    assert!(top_eigenpairs(&a, 9, &EigenOptions::default()).is_ok_and(|found| found.len() == 3));
}

/// Eigenvalues, eigenpairs and residuals scale with the matrix, down to numbers whose squares underflow.
#[test]
fn spectra_scale_with_the_matrix() -> Outcome {
    let mut spectrum = graded(1e-2, 1.0, 30);
    spectrum.extend([0.0; 10]);
    let unit = with_spectrum(&spectrum, 77);
    for power in [-300, -250, -200, -170, -160, -150, 0, 150, 160, 250, 300] {
        let factor = 10.0_f64.powi(power);
        let a = Dense::<f64>::new(&(&unit * factor));
        let found = lanczos(&a, &LanczosOptions { steps: 40, key: Key::new(1) })?.ritz()?;
        let largest = found.values.last().copied().unwrap_or(f64::NAN) / factor;
        assert!((largest - 1.0).abs() < 1e-12, "1e{power}: {largest}");
        let top = top_eigenpairs(&a, 3, &EigenOptions::default())?;
        for (pair, exact) in top.iter().zip(spectrum.iter().take(30).rev()) {
            assert!((pair.value / factor - exact).abs() < 1e-9, "1e{power}: {}", pair.value / factor);
            assert!(pair.converged && pair.residual <= 1e-5 * factor, "1e{power}: {}", pair.residual / factor);
        }
    }
    Ok(())
}

/// A product with an error far above rounding: the recurrence underestimates the residual, and `rounding` shows it.
struct Skewed(Dense<f64>);

impl LinearOperator<f64> for Skewed {
    fn shape(&self) -> [usize; 2] {
        self.0.shape()
    }

    fn apply(&self, v: &[f64]) -> Result<Vec<f64>, CurvatureError> {
        let mut image = self.0.apply(v)?;
        let ahead: Vec<f64> = v.iter().skip(1).chain([&0.0]).copied().collect();
        image.iter_mut().zip(ahead).for_each(|(to, x)| *to += 1e-3 * x);
        Ok(image)
    }
}

impl SymmetricOperator<f64> for Skewed {}

#[test]
fn a_residual_with_rounding_bounds_the_true_one() -> Outcome {
    let exact = Dense::<f64>::new(&with_spectrum(&graded(1e-3, 1.0, 60), 78));
    let skewed = Skewed(Dense::new(&exact.matrix));
    for (a, off) in [(&exact as &dyn SymmetricOperator<f64>, false), (&skewed, true)] {
        let run = lanczos(a, &LanczosOptions { steps: 25, key: Key::new(2) })?;
        let ritz = run.ritz()?;
        let (_, vectors) = minima_linalg::symmetric_eigen(run.tridiagonal().view())?;
        for (place, s) in vectors.columns().into_iter().enumerate() {
            let mut y = vec![0.0; 60];
            for (s, q) in s.iter().zip(&run.basis) {
                y.iter_mut().zip(q).for_each(|(y, q)| *y += s * q);
            }
            let image = a.apply(&y)?;
            let true_one = image.iter().zip(&y).map(|(x, y)| (x - ritz.values[place] * y).powi(2)).sum::<f64>().sqrt();
            let bound = ritz.residuals[place].hypot(ritz.rounding[place]);
            assert!(true_one <= bound + 1e-14, "{place}: {true_one:e} above {bound:e}");
            assert_eq!(ritz.rounding[place] > 1e-6, off, "{:e}", ritz.rounding[place]);
        }
    }
    Ok(())
}
