//! Cotangents of the logits whose outer products form Fisher matrices.

use crate::CurvatureError;
use crate::label_draw::draw_label;
use minima_autodiff::Scalar;
use minima_autodiff::softmax_cross_entropy::{check_labels, residuals, softmax};
use minima_rng::Key;
use ndarray::{Array3, ArrayView2, Axis};

/// `(p − onehot(y)) / √samples` with labels `y` drawn from the network's own probabilities:
/// `(samples, images, classes)`, from logits `(images, classes)`. The expectation of their outer products is
/// `diag(p) − p pᵀ`.
///
/// The draw for an image and a sample depends only on the key and these two indices. It equals the draw of
/// [`Fisher::sampled`](crate::Fisher::sampled).
#[must_use]
pub fn sampled_residuals<T: Scalar>(logits: ArrayView2<'_, T>, samples: usize, key: Key) -> Array3<T> {
    let p = softmax(logits);
    let (images, classes) = p.dim();
    let share = T::one() / T::from_f64(samples as f64).sqrt();
    let mut cotangents = Array3::zeros((samples, images, classes));
    for (sample, mut of_sample) in (0..).zip(cotangents.outer_iter_mut()) {
        let draws = key.fold_in(sample).uniform(images);
        let drawn: Vec<usize> = p.outer_iter().zip(draws).map(|(p, draw)| draw_label(p, draw)).collect();
        of_sample.assign(&residuals(p.view(), &drawn).mapv_into(|r| share * r));
    }
    cotangents
}

/// `p − onehot(y)` with the images' own labels, `(1, images, classes)`: the cotangents of the empirical Fisher matrix.
///
/// # Errors
/// Returns [`CurvatureError::Autodiff`] if the number of labels is wrong, or if a label is not a class.
pub fn label_residuals<T: Scalar>(logits: ArrayView2<'_, T>, labels: &[usize]) -> Result<Array3<T>, CurvatureError> {
    check_labels(labels, logits.nrows(), logits.ncols())?;
    Ok(residuals(softmax(logits).view(), labels).insert_axis(Axis(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn outer_products_make_the_hessian_in_expectation() {
        let logits = array![[0.3, -1.2, 1.0]];
        let p = softmax(logits.view());
        let samples = 20_000;
        let residuals = sampled_residuals(logits.view(), samples, Key::new(3));
        let residuals = residuals.index_axis(Axis(1), 0);
        let found = residuals.t().dot(&residuals);
        let expected = Array2::from_diag(&p.row(0)) - p.t().dot(&p);
        // An entry is a mean of numbers within ±1: the tolerance is five of its standard errors.
        let tolerance = 5.0 / (samples as f64).sqrt();
        assert!(
            found.iter().zip(&expected).all(|(f, e): (&f64, &f64)| (f - e).abs() < tolerance),
            "{found} {expected}"
        );
    }
}
