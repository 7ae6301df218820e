//! A labelled data set in consecutive chunks.

use minima_autodiff::softmax_cross_entropy::check_labels;
use minima_autodiff::{AutodiffError, Scalar};
use ndarray::{ArrayView2, Axis};

/// The number of images evaluated at once if nothing else determines it. It bounds the memory of logits and gradients.
pub(crate) const IMAGES_AT_ONCE: usize = 2_000;

/// Splits images and labels into consecutive chunks of `size > 0`; the last may be shorter.
///
/// # Errors
/// Returns [`AutodiffError`] if the number of labels is wrong, or if a label is not a class.
pub(crate) fn chunks<'a, T: Scalar>(
    images: &'a ArrayView2<'_, T>,
    labels: &'a [usize],
    classes: usize,
    size: usize,
) -> Result<impl Iterator<Item = (ArrayView2<'a, T>, &'a [usize])>, AutodiffError> {
    check_labels(labels, images.nrows(), classes)?;
    Ok(images.axis_chunks_iter(Axis(0), size).zip(labels.chunks(size)))
}
