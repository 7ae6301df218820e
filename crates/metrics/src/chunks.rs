//! A labelled data set in consecutive chunks.

use minima_autodiff::softmax_cross_entropy::check_labels;
use minima_autodiff::{AutodiffError, Scalar};
use ndarray::{ArrayView2, Axis};

/// Images evaluated at once where nothing else prescribes it: bounds the memory that logits and gradients take.
pub(crate) const IMAGES_AT_ONCE: usize = 2_000;

/// Consecutive chunks of `size > 0` images with their labels; the last may be shorter.
///
/// # Errors
/// When there is not one label for each image, or a label names no class.
pub(crate) fn chunks<'a, T: Scalar>(
    images: &'a ArrayView2<'_, T>,
    labels: &'a [usize],
    classes: usize,
    size: usize,
) -> Result<impl Iterator<Item = (ArrayView2<'a, T>, &'a [usize])>, AutodiffError> {
    check_labels(labels, images.nrows(), classes)?;
    Ok(images.axis_chunks_iter(Axis(0), size).zip(labels.chunks(size)))
}
