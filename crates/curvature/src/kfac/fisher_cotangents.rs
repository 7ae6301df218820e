//! Cotangents of the logits whose outer products form Fisher matrices.

use crate::CurvatureError;
use minima_autodiff::loss::{Draw, Loss};
use minima_autodiff::{Scalar, SoftmaxCrossEntropy};
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
    // Without weights, a drawn label's gradient does not depend on the true label.
    drawn_cotangents(&SoftmaxCrossEntropy::default(), logits, &vec![0; logits.nrows()], samples, key)
}

/// The gradients of a loss for targets drawn from the network, over `√samples`: `(samples, images, classes)`, from
/// logits `(images, classes)`. The mean over images of their outer products is, in expectation, the Hessian of the mean
/// loss with respect to the logits.
///
/// The draw for an image and a sample depends only on the key and these two indices. It equals the draw of
/// [`Fisher::sampled`](crate::Fisher::sampled).
///
/// # Errors
/// Returns [`CurvatureError::Autodiff`] if the number of labels is wrong, if a label is not a class, or if the loss does
/// not fit the labels.
pub fn sampled_cotangents<T: Scalar>(
    loss: &dyn Loss,
    logits: ArrayView2<'_, T>,
    labels: &[usize],
    samples: usize,
    key: Key,
) -> Result<Array3<T>, CurvatureError> {
    loss.check(labels, logits.nrows(), logits.ncols())?;
    Ok(drawn_cotangents(loss, logits, labels, samples, key))
}

fn drawn_cotangents<T: Scalar>(
    loss: &dyn Loss,
    logits: ArrayView2<'_, T>,
    labels: &[usize],
    samples: usize,
    key: Key,
) -> Array3<T> {
    let of = loss.of::<T>();
    let predictions = of.predictions(logits);
    let (images, classes) = predictions.dim();
    let share = T::one() / T::from_f64(samples as f64).sqrt() * weight_of_mean(loss, labels);
    let mut cotangents = Array3::zeros((samples, images, classes));
    for (sample, mut of_sample) in (0..).zip(cotangents.outer_iter_mut()) {
        let random = loss.random(key.fold_in(sample), images, classes);
        let random = random.chunks((random.len() / images.max(1)).max(1));
        let draw =
            |(p, random): (ndarray::ArrayView1<'_, T>, &[f32])| of.draw(p.to_slice().unwrap_or_default(), random);
        let draws: Vec<Draw> = predictions.outer_iter().zip(random).map(draw).collect();
        of_sample.assign(&loss.drawn_residuals(predictions.view(), labels, &draws, share));
    }
    cotangents
}

/// `p − onehot(y)` with the images' own labels, `(1, images, classes)`: the cotangents of the empirical Fisher matrix.
///
/// # Errors
/// Returns [`CurvatureError::Autodiff`] if the number of labels is wrong, or if a label is not a class.
pub fn label_residuals<T: Scalar>(logits: ArrayView2<'_, T>, labels: &[usize]) -> Result<Array3<T>, CurvatureError> {
    label_cotangents(&SoftmaxCrossEntropy::default(), logits, labels)
}

/// The gradients of a loss for the images' own labels, `(1, images, classes)`: the cotangents of the empirical Fisher
/// matrix.
///
/// # Errors
/// Returns [`CurvatureError::Autodiff`] if the number of labels is wrong, if a label is not a class, or if the loss does
/// not fit the labels.
pub fn label_cotangents<T: Scalar>(
    loss: &dyn Loss,
    logits: ArrayView2<'_, T>,
    labels: &[usize],
) -> Result<Array3<T>, CurvatureError> {
    loss.check(labels, logits.nrows(), logits.ncols())?;
    let predictions = loss.of::<T>().predictions(logits);
    Ok(loss.residuals(predictions.view(), labels, weight_of_mean(loss, labels)).insert_axis(Axis(0)))
}

/// `√(images / W)` with the total weight W of the labels: Kronecker factors are means over images, the loss is a sum over
/// images divided by W. Without weights this is 1.
fn weight_of_mean<T: Scalar>(loss: &dyn Loss, labels: &[usize]) -> T {
    if labels.is_empty() { T::one() } else { T::from_f64((labels.len() as f64 / loss.total_weight(labels)).sqrt()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minima_autodiff::softmax_cross_entropy::softmax;
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
