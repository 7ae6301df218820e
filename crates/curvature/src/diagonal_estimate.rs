//! Estimates of a diagonal from products.

use crate::arguments::{at_least, order};
use crate::probes::{pieces, sign_columns};
use crate::{CurvatureError, SymmetricOperator};
use minima_autodiff::Scalar;
use minima_rng::Key;

/// A random estimate of a matrix's diagonal.
#[derive(Clone, Debug, PartialEq)]
pub struct DiagonalEstimate<T> {
    /// The estimates; their expectation is the diagonal. Estimates for a positive matrix can be negative in places.
    pub values: Vec<T>,
    /// The standard deviations of the estimates, computed from the probes' spread.
    pub standard_errors: Vec<T>,
}

/// The mean of `z ⊙ A z` over `probes` vectors z of random signs (Hutchinson 1989; Bekas, Kokiopoulou & Saad 2007),
/// with one product per probe. For one probe, the variance of an entry is the sum of the squared off-diagonal entries
/// in its row.
///
/// # Errors
/// Returns [`CurvatureError::Size`] if A is not square, [`CurvatureError::Option`] if there are fewer than two probes,
/// [`CurvatureError::NotFinite`] if a product is not finite, and the errors of the products.
pub fn diagonal_hutchinson<T: Scalar>(
    a: &dyn SymmetricOperator<T>,
    probes: usize,
    key: Key,
) -> Result<DiagonalEstimate<T>, CurvatureError> {
    let order = order(a)?;
    at_least(2, "probes", probes, "at least 2")?;
    // Mean and sum of squared deviations, updated probe by probe (Welford 1962).
    let mut moments = vec![(0.0, 0.0); order];
    let mut seen = 0.0;
    for piece in pieces(probes) {
        let z = sign_columns::<T>(key, order, piece);
        let images = a.apply_columns(z.view())?;
        for (z, image) in z.columns().into_iter().zip(images.columns()) {
            seen += 1.0;
            for ((mean, square), (z, image)) in moments.iter_mut().zip(z.iter().zip(image)) {
                let sample = z.as_f64() * image.as_f64();
                let apart = sample - *mean;
                *mean += apart / seen;
                *square += apart * (sample - *mean);
            }
        }
    }
    if let Some((found, _)) = moments.iter().find(|(mean, _)| !mean.is_finite()) {
        return Err(CurvatureError::NotFinite { what: "an estimate of the diagonal", found: *found });
    }
    Ok(DiagonalEstimate {
        values: moments.iter().map(|(mean, _)| T::from_f64(*mean)).collect(),
        standard_errors: moments.iter().map(|(_, s)| T::from_f64((s / (seen * (seen - 1.0))).sqrt())).collect(),
    })
}
