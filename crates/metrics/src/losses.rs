//! The loss of each image.

use minima_autodiff::Scalar;
use minima_autodiff::softmax_cross_entropy::loss;
use ndarray::{ArrayView1, ArrayView2};

/// Softmax cross-entropy of one image's logits, in double precision. Sharpness is a difference of nearly equal losses,
/// and the rounding of a single-precision logarithm is as large as the losses of images far from the boundary.
pub(crate) fn image_loss<T: Scalar>(logits: ArrayView1<'_, T>, label: usize) -> f64 {
    let logits: Vec<f64> = logits.iter().map(|a| a.as_f64()).collect();
    loss(&logits, label)
}

/// The loss of each row of logits `(images, classes)`.
pub(crate) fn losses<T: Scalar>(logits: ArrayView2<'_, T>, labels: &[usize]) -> Vec<f64> {
    logits.outer_iter().zip(labels).map(|(row, &label)| image_loss(row, label)).collect()
}
