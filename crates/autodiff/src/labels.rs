//! The labels of images.

use crate::AutodiffError;

/// Checks that there is one label for each image, and that each names a class.
///
/// # Errors
/// Returns [`AutodiffError::Shape`] if the numbers of labels and images differ, and [`AutodiffError::Label`] if a label is
/// `classes` or more.
pub fn check_labels(labels: &[usize], images: usize, classes: usize) -> Result<(), AutodiffError> {
    if labels.len() != images {
        return Err(AutodiffError::Shape { what: "labels", found: vec![labels.len()], expected: vec![images] });
    }
    match labels.iter().position(|&y| y >= classes) {
        Some(image) => Err(AutodiffError::Label { image, found: labels[image], classes }),
        None => Ok(()),
    }
}
