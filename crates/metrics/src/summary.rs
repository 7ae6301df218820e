//! A distribution in a few numbers.

use crate::MetricsError;
use crate::error::all_finite;
use serde::{Deserialize, Serialize};

/// Mean, quantiles and extremes of a list of numbers, in the unit of the numbers.
///
/// Quantiles are interpolated linearly between the two nearest values, as `numpy.quantile` does by default (Hyndman &
/// Fan 1996, type 7).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The arithmetic mean.
    pub mean: f64,
    /// The 50 % quantile.
    pub median: f64,
    /// The 5 % quantile.
    pub q05: f64,
    /// The 25 % quantile.
    pub q25: f64,
    /// The 75 % quantile.
    pub q75: f64,
    /// The 95 % quantile.
    pub q95: f64,
    /// The smallest value.
    pub min: f64,
    /// The largest value.
    pub max: f64,
    /// The number of values.
    pub count: usize,
}

impl Summary {
    /// Summarizes values in any order.
    ///
    /// # Errors
    /// Returns [`MetricsError::Empty`] if there are no values, and [`MetricsError::NotFinite`] if a value is not
    /// finite.
    pub fn of(values: &[f64]) -> Result<Self, MetricsError> {
        all_finite("value", values)?;
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (Some(&min), Some(&max)) = (sorted.first(), sorted.last()) else {
            return Err(MetricsError::Empty { what: "values" });
        };
        let at = |fraction| quantile(&sorted, fraction).unwrap_or(max);
        Ok(Self {
            mean: values.iter().sum::<f64>() / values.len() as f64,
            median: at(0.5),
            q05: at(0.05),
            q25: at(0.25),
            q75: at(0.75),
            q95: at(0.95),
            min,
            max,
            count: values.len(),
        })
    }
}

/// A quantile of ascending values, interpolated linearly as in numpy. Returns `None` if there are no values or if the
/// fraction is not within 0 to 1.
#[must_use]
pub fn quantile(sorted: &[f64], fraction: f64) -> Option<f64> {
    let position = fraction * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (position.floor(), position.ceil());
    let (&low, &high) = (sorted.get(below as usize)?, sorted.get(above as usize)?);
    let t = position - below;
    // numpy counts from the nearer end; this reproduces its results to the last bit.
    Some(if t < 0.5 { low + (high - low) * t } else { high - (high - low) * (1.0 - t) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `numpy.quantile([3.0, 1.0, 7.5, 2.0, -4.0, 10.0], [0.05, 0.25, 0.5, 0.75, 0.95])`
    #[test]
    fn quantiles_are_numpys() {
        let summary = Summary::of(&[3.0, 1.0, 7.5, 2.0, -4.0, 10.0]).unwrap();
        let found = [summary.q05, summary.q25, summary.median, summary.q75, summary.q95];
        for (found, expected) in found.into_iter().zip([-2.75, 1.25, 2.5, 6.375, 9.375]) {
            assert!((found - expected).abs() < 1e-14, "{found} {expected}");
        }
        assert_eq!((summary.mean, summary.min, summary.max, summary.count), (3.25, -4.0, 10.0, 6));
    }

    #[test]
    fn one_value_is_every_quantile() {
        let summary = Summary::of(&[2.5]).unwrap();
        assert_eq!((summary.q05, summary.median, summary.q95, summary.mean), (2.5, 2.5, 2.5, 2.5));
    }

    #[test]
    fn nothing_and_nan_are_errors() {
        assert!(matches!(Summary::of(&[]), Err(MetricsError::Empty { .. })));
        assert!(matches!(Summary::of(&[1.0, f64::NAN]), Err(MetricsError::NotFinite { place: 1, .. })));
    }
}
