//! Checks of what an attack is given and of what the network answers.

use crate::AttackError;
use minima_autodiff::Scalar;
use minima_autodiff::softmax_cross_entropy::predicted;
use ndarray::{ArrayView2, Axis};
use rayon::prelude::*;

/// Fails at the first pixel that is not within 0 to 1.
pub(crate) fn check_pixels<T: Scalar>(images: ArrayView2<'_, T>) -> Result<(), AttackError> {
    let rows = images.axis_iter(Axis(0)).into_par_iter().enumerate();
    let bad = rows.find_map_first(|(image, row)| {
        let mut pixels = row.iter().map(|x| x.as_f64()).enumerate();
        let (pixel, found) = pixels.find(|(_, x)| !(0.0..=1.0).contains(x))?;
        Some(AttackError::Pixel { image, pixel, found })
    });
    bad.map_or(Ok(()), Err)
}

/// Each image's predicted class.
///
/// # Errors
/// When a logit is NaN.
pub(crate) fn predictions<T: Scalar>(logits: ArrayView2<'_, T>) -> Result<Vec<usize>, AttackError> {
    let classes = logits.outer_iter().enumerate();
    classes.map(|(image, row)| predicted(row).ok_or(AttackError::NotANumber { what: "logits", image })).collect()
}

/// Fails at the first image with a NaN in its gradient.
pub(crate) fn check_gradients<T: Scalar>(gradients: ArrayView2<'_, T>) -> Result<(), AttackError> {
    let rows = gradients.axis_iter(Axis(0)).into_par_iter();
    // No early exit in a row: the comparison of whole registers is faster.
    match rows.position_first(|row| row.iter().fold(false, |bad, g| bad | g.is_nan())) {
        Some(image) => Err(AttackError::NotANumber { what: "input gradient", image }),
        None => Ok(()),
    }
}
