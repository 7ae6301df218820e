//! Cotangents of the logits whose outer products are Fisher matrices.

use crate::CurvatureError;
use minima_autodiff::Scalar;
use minima_autodiff::softmax_cross_entropy::{check_labels, softmax};
use minima_rng::Key;
use ndarray::{Array3, ArrayView2, Axis};

/// `(p − onehot(y)) / √samples` with labels `y` drawn from the network's own probabilities: `(samples, images, classes)`,
/// from logits `(images, classes)`. In expectation their outer products make `diag(p) − p pᵀ`.
///
/// The draw for an image and a sample depends on the key and these two numbers alone; it is that of [`Fisher::sampled`](crate::Fisher::sampled).
#[must_use]
pub fn sampled_residuals<T: Scalar>(logits: ArrayView2<'_, T>, samples: usize, key: Key) -> Array3<T> {
    let p = softmax(logits);
    let (images, classes) = p.dim();
    let share = T::one() / T::from_f64(samples as f64).sqrt();
    let mut residuals = Array3::zeros((samples, images, classes));
    for (sample, mut residuals) in (0..).zip(residuals.outer_iter_mut()) {
        let draws = key.fold_in(sample).uniform(images);
        for ((mut residual, p), draw) in residuals.outer_iter_mut().zip(p.outer_iter()).zip(draws) {
            let drawn = draw_label(p.iter().map(|p| p.as_f64()), f64::from(draw));
            for (class, (r, &p)) in residual.iter_mut().zip(p).enumerate() {
                let hit = if class == drawn { T::one() } else { T::zero() };
                *r = share * (p - hit);
            }
        }
    }
    residuals
}

/// `p − onehot(y)` with the images' own labels, `(1, images, classes)`: those of the empirical Fisher matrix.
///
/// # Errors
/// When there is not one label for each image, or a label names no class.
pub fn label_residuals<T: Scalar>(logits: ArrayView2<'_, T>, labels: &[usize]) -> Result<Array3<T>, CurvatureError> {
    check_labels(labels, logits.nrows(), logits.ncols())?;
    let mut residuals = softmax(logits);
    for (mut residual, &label) in residuals.outer_iter_mut().zip(labels) {
        if let Some(r) = residual.get_mut(label) {
            *r -= T::one();
        }
    }
    Ok(residuals.insert_axis(Axis(0)))
}

/// The first class up to which the probabilities sum to more than `draw`; the last likely one where rounding leaves none.
fn draw_label(p: impl Iterator<Item = f64>, draw: f64) -> usize {
    let (mut sum, mut last) = (0.0, 0);
    for (class, p) in p.enumerate() {
        sum += p;
        if p > 0.0 {
            last = class;
        }
        if sum > draw {
            return class;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn labels_follow_the_probabilities() {
        let p = [0.25, 0.0, 0.5, 0.25];
        let drawn = |draw| draw_label(p.into_iter(), draw);
        assert_eq!(
            [drawn(0.0), drawn(0.2499), drawn(0.25), drawn(0.7499), drawn(0.75), drawn(1.0)],
            [0, 0, 2, 2, 3, 3]
        );
    }

    #[test]
    fn outer_products_make_the_hessian_in_expectation() {
        let logits = array![[0.3, -1.2, 1.0]];
        let p = softmax(logits.view());
        let samples = 20_000;
        let residuals = sampled_residuals(logits.view(), samples, Key::new(3));
        let residuals = residuals.index_axis(Axis(1), 0);
        let found = residuals.t().dot(&residuals);
        let expected = Array2::from_diag(&p.row(0)) - p.t().dot(&p);
        // An entry is a mean of numbers within ±1: five standard errors of it.
        let tolerance = 5.0 / (samples as f64).sqrt();
        assert!(
            found.iter().zip(&expected).all(|(f, e): (&f64, &f64)| (f - e).abs() < tolerance),
            "{found} {expected}"
        );
    }
}
