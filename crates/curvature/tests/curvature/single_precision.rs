//! The accuracy of conjugate gradients and the Lanczos process in single precision, over many matrices.

use crate::matrices;

use matrices::{Dense, graded, normal, with_spectrum};
use minima_curvature::{
    CgEnd, CgOptions, EigenOptions, LanczosOptions, bottom_eigenpairs, conjugate_gradient, lanczos, top_eigenpairs,
};
use minima_rng::Key;
use ndarray::{Array1, Array2, aview1};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const EPSILON: f64 = f32::EPSILON as f64;

/// Matrices of orders 20 to 200, condition numbers 3 to 10⁶, largest eigenvalue 1.
fn matrices() -> impl Iterator<Item = (usize, f64, Dense<f32>)> {
    (0..24).map(|number| {
        let (order, condition) = ([20, 60, 200][number % 3], [3.0, 1e2, 1e4, 1e6][number / 3 % 4]);
        (order, condition, Dense::new(&with_spectrum(&graded(1.0 / condition, 1.0, order), 100 + number as u64)))
    })
}

fn wide(v: &[f32]) -> Array1<f64> {
    aview1(v).mapv(f64::from)
}

fn size(v: &Array1<f64>) -> f64 {
    v.dot(v).sqrt()
}

#[test]
fn the_residual_of_conjugate_gradients_ends_at_the_products_rounding() -> Outcome {
    for (order, condition, a) in matrices() {
        let b: Vec<f32> = normal(order, order as u64).into_iter().map(|x| x as f32).collect();
        let options = CgOptions { iterations: 20_000, tolerance: 0.0, relative_progress: None };
        let found = conjugate_gradient(&a, &b, &options, None, None)?;
        let x = wide(&found.x);
        let reached = size(&(wide(&b) - a.matrix.mapv(f64::from).dot(&x)));
        let units = reached / (size(&x) * EPSILON);
        assert_eq!(found.ended, CgEnd::Stagnation, "{order}, {condition:e}");
        // The error of a product is about a unit in the last place of ‖A‖ ‖x‖, and so is the effect of rounding x
        // itself; ‖A‖ is 1.
        assert!(units < 10.0, "{order}, {condition:e}: {units}");
    }
    Ok(())
}

#[test]
fn lanczos_stays_orthogonal_and_eigenvalues_come_out_to_rounding() -> Outcome {
    for (order, condition, a) in matrices() {
        let found = lanczos(&a, &LanczosOptions { steps: order, key: Key::new(1) })?;
        let k = found.basis.len();
        let q = Array2::from_shape_fn((order, k), |(i, j)| f64::from(found.basis[j][i]));
        let lost = (q.t().dot(&q) - Array2::<f64>::eye(k)).iter().fold(0.0, |m: f64, x| m.max(x.abs()));
        let options = EigenOptions { tolerance: 0.0, ..EigenOptions::default() };
        let spectrum = graded(1.0 / condition, 1.0, order);
        let top = top_eigenpairs(&a, 3, &options)?;
        let bottom = bottom_eigenpairs(&a, 1, &options)?;
        let worst = top.iter().zip(spectrum.iter().rev()).map(|(p, s)| (p.value - s).abs()).fold(0.0, f64::max);
        let residual = top.iter().map(|p| p.residual).fold(0.0, f64::max);
        // In units of rounding. The largest eigenvalue is 1, so the error of a product is about one unit.
        let bottom = bottom.iter().map(|p| (p.value - spectrum[0]).abs()).fold(0.0, f64::max);
        for (what, found) in [("orthogonality", lost), ("top", worst), ("residual", residual), ("bottom", bottom)] {
            assert!(found < 4.0 * EPSILON, "{order}, {condition:e}: {what} {}", found / EPSILON);
        }
    }
    Ok(())
}

#[test]
fn convergence_is_about_the_solution_itself() -> Outcome {
    let a = with_spectrum(&graded(0.1, 10.0, 200), 15);
    let b: Vec<f32> = normal(200, 16).into_iter().map(|x| x as f32).collect();
    let operator = Dense::<f32>::new(&a);
    let found = conjugate_gradient(&operator, &b, &CgOptions { iterations: 500, ..CgOptions::default() }, None, None)?;
    assert_eq!(found.ended, CgEnd::Converged);
    // The guarantee concerns x, not the recurrence: the residual is computed here in double precision.
    let x = Array1::from_iter(found.x.iter().map(|&x| f64::from(x)));
    let wide = Array1::from_iter(b.iter().map(|&x| f64::from(x)));
    let residual = &wide - &operator.matrix.mapv(f64::from).dot(&x);
    assert!(residual.dot(&residual).sqrt() < 1.1e-5 * wide.dot(&wide).sqrt());
    Ok(())
}

/// In single precision, conjugate gradients may find a curvature of zero or less although the matrix is positive
/// definite. The documented bounds of [`NegativeCurvature`](minima_curvature::NegativeCurvature) hold up to rounding.
#[test]
fn negative_curvature_is_negative_but_for_rounding() -> Outcome {
    let (mut ended, mut positive, mut rises) = (0, 0, 0);
    for number in 0..300 {
        let (order, condition) = ([5, 20, 60][number % 3], 10.0_f64.powi([6, 7, 8, 9, 10][number / 3 % 5]));
        let a = Dense::<f32>::new(&with_spectrum(&graded(1.0 / condition, 1.0, order), 1000 + 10 * number as u64));
        let b: Vec<f32> = normal(order, number as u64).into_iter().map(|x| x as f32).collect();
        let options = CgOptions { iterations: 1000, tolerance: 1e-7, relative_progress: None };
        let found = conjugate_gradient(&a, &b, &options, None, None)?;
        let Some(negative) = found.negative_curvature else { continue };
        let (p, x, b) = (wide(&negative.direction), wide(&found.x), wide(&b));
        let matrix = a.matrix.mapv(f64::from);
        let exact = p.dot(&matrix.dot(&p)) / p.dot(&p);
        ended += 1;
        positive += usize::from(exact > 0.0);
        assert!(negative.curvature <= 0.0);
        // A product of n terms in single precision, ‖A‖ = 1: the error of a component is about ε √n of its terms.
        // Observed: 0.1 of that.
        let allowed = 0.25 * (order as f64).sqrt() * EPSILON;
        assert!((exact - negative.curvature).abs() <= allowed, "{order}, {condition:e}: {exact:e}");
        let rise = (matrix.dot(&x) - &b).dot(&p) / size(&p);
        rises += usize::from(rise > 0.0);
        // An iteration rounds once, and there are about n iterations. Observed: 0.02 of that.
        let allowed = 0.05 * order as f64 * EPSILON * (size(&x) + size(&b));
        assert!(rise <= allowed, "{order}, {condition:e}: {rise:e} of {allowed:e}");
    }
    // Both cases occur.
    assert!(ended > 20 && positive > 10 && rises > 5, "{ended} {positive} {rises}");
    Ok(())
}
