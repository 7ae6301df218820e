//! The logit margin: the difference between the label's logit and the largest other logit.

use crate::MetricsError;
use crate::chunks::{IMAGES_AT_ONCE, chunks};
use crate::error::all_finite;
use minima_autodiff::softmax_cross_entropy::check_labels;
use minima_autodiff::{Classifier, Scalar};
use ndarray::ArrayView2;

/// The true class's logit minus the largest other one, of every image `(images, features)`: figure 3 of "Gauss-Newton
/// under adversarial attacks". It is negative for a misclassified image.
///
/// # Errors
/// Returns [`MetricsError::Autodiff`] if the images do not fit the network, if the number of labels is wrong, or if a
/// label is not a class, and [`MetricsError::NotFinite`] if a margin is not finite, as with a single class.
pub fn logit_margins<T: Scalar>(
    model: &dyn Classifier<T>,
    images: ArrayView2<'_, T>,
    labels: &[usize],
) -> Result<Vec<f64>, MetricsError> {
    let mut margins = Vec::with_capacity(labels.len());
    for (images, labels) in chunks(&images, labels, model.classes(), IMAGES_AT_ONCE)? {
        margins.extend(model.logits(images)?.outer_iter().zip(labels).map(|(row, &label)| margin(row, label)));
    }
    all_finite("logit margin", &margins)?;
    Ok(margins)
}

/// Computes the margins of [`logit_margins`] from given logits `(images, classes)`.
///
/// # Errors
/// Returns [`MetricsError::Autodiff`] if the number of labels is wrong or if a label is not a class, and
/// [`MetricsError::NotFinite`] if a margin is not finite, as with a single class.
pub fn margins_of_logits<T: Scalar>(logits: ArrayView2<'_, T>, labels: &[usize]) -> Result<Vec<f64>, MetricsError> {
    check_labels(labels, logits.nrows(), logits.ncols())?;
    let margins: Vec<f64> = logits.outer_iter().zip(labels).map(|(row, &label)| margin(row, label)).collect();
    all_finite("logit margin", &margins)?;
    Ok(margins)
}

/// The margin of one image; NaN if any logit is NaN.
fn margin<'a, T: Scalar>(logits: impl IntoIterator<Item = &'a T>, label: usize) -> f64 {
    let (mut own, mut other) = (f64::NAN, f64::NEG_INFINITY);
    for (class, logit) in logits.into_iter().enumerate() {
        let logit = logit.as_f64();
        if class == label {
            own = logit;
        } else if logit > other || logit.is_nan() {
            other = logit;
        }
    }
    own - other
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn margin_is_against_the_largest_other_logit() {
        let logits = array![[1.0_f32, 3.0, 2.0], [1.0, 3.0, 2.0], [1.0, 3.0, 3.0]];
        assert_eq!(margins_of_logits(logits.view(), &[1, 0, 2]).unwrap(), [1.0, -2.0, 0.0]);
    }

    #[test]
    fn nan_logits_and_a_single_class_are_errors() {
        for label in [0, 1, 2] {
            let found = margins_of_logits(array![[f32::NAN, 3.0, 2.0]].view(), &[label]);
            assert!(matches!(found, Err(MetricsError::NotFinite { place: 0, .. })), "{found:?}");
        }
        assert!(matches!(margins_of_logits(array![[1.0_f64]].view(), &[0]), Err(MetricsError::NotFinite { .. })));
        assert!(matches!(margins_of_logits(array![[1.0_f64, 2.0]].view(), &[2]), Err(MetricsError::Autodiff(_))));
    }
}
