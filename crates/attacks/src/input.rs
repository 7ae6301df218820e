//! Checks of the images passed to an attack.

use crate::AttackError;
use minima_autodiff::Scalar;
use ndarray::{ArrayView2, Axis};
use rayon::prelude::*;

/// Returns [`AttackError::Pixel`] for the first pixel that is not within 0 to 1.
pub(crate) fn check_pixels<T: Scalar>(images: ArrayView2<'_, T>) -> Result<(), AttackError> {
    let rows = images.axis_iter(Axis(0)).into_par_iter().enumerate();
    let bad = rows.find_map_first(|(image, row)| {
        let mut pixels = row.iter().map(|x| x.as_f64()).enumerate();
        let (pixel, found) = pixels.find(|(_, x)| !(0.0..=1.0).contains(x))?;
        Some(AttackError::Pixel { image, pixel, found })
    });
    bad.map_or(Ok(()), Err)
}
