//! The ranges of options. Every optimizer checks its options with this module.

use crate::OptimError;
use minima_autodiff::Scalar;

/// A range and its description.
pub(crate) type Range = (fn(f64) -> bool, &'static str);

pub(crate) const POSITIVE: Range = (|x| x > 0.0 && x.is_finite(), "a positive number");
pub(crate) const NOT_NEGATIVE: Range = (|x| x >= 0.0 && x.is_finite(), "a finite number of at least 0");
pub(crate) const BELOW_ONE: Range = (|x| (0.0..1.0).contains(&x), "a number from 0 to below 1");
pub(crate) const POSITIVE_BELOW_ONE: Range = (|x| x > 0.0 && x < 1.0, "a number between 0 and 1");
pub(crate) const AT_LEAST_ONE: Range = (|x| x >= 1.0 && x.is_finite(), "a finite number of at least 1");

/// Returns an error if an option is out of its range, before or after rounding to the precision `T` in which it is
/// used.
pub(crate) fn check<T: Scalar>(option: &'static str, found: f64, (holds, expected): Range) -> Result<(), OptimError> {
    if !holds(found) {
        return Err(OptimError::Option { option, found, expected });
    }
    let rounded = T::from_f64(found).as_f64();
    match holds(rounded) {
        true => Ok(()),
        false => Err(OptimError::RoundedOption { option, found, rounded, bits: 8 * size_of::<T>(), expected }),
    }
}

#[cfg(test)]
mod tests {
    use super::{AT_LEAST_ONE, BELOW_ONE, NOT_NEGATIVE, POSITIVE, POSITIVE_BELOW_ONE, check};
    use crate::OptimError;

    /// Every accepted number, from the least to the largest, is in its range in the precision in which it is used.
    #[test]
    fn an_accepted_number_is_in_its_range_after_rounding() {
        let mut numbers = vec![0.0, -0.0, 1.0, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE, f64::MAX, 5e-324];
        numbers.extend((-340..=310).map(|power| 10.0_f64.powi(power)));
        numbers.extend((1..60).map(|power| 1.0 - 2.0_f64.powi(-power)));
        numbers.extend(numbers.clone().iter().map(|x| -x));
        for range in [POSITIVE, NOT_NEGATIVE, BELOW_ONE, POSITIVE_BELOW_ONE, AT_LEAST_ONE] {
            for &x in &numbers {
                assert_eq!(check::<f64>("x", x, range).is_ok(), (range.0)(x), "{x:e}");
                let fine = (range.0)(x) && (range.0)(f64::from(x as f32));
                assert_eq!(check::<f32>("x", x, range).is_ok(), fine, "{x:e}");
            }
        }
    }

    #[test]
    fn an_error_says_what_rounding_made_of_a_number() {
        let error = check::<f32>("epsilon", 1e-50, POSITIVE);
        assert!(matches!(error, Err(OptimError::RoundedOption { option: "epsilon", rounded: 0.0, bits: 32, .. })));
        let text = error.map_err(|error| error.to_string());
        assert_eq!(text, Err("epsilon is 1e-50, which is 0.0 in 32 bits; expected a positive number".to_owned()));
        let text = check::<f64>("damping", -1e-300, POSITIVE).map_err(|error| error.to_string());
        assert_eq!(text, Err("damping is -1e-300; expected a positive number".to_owned()));
    }
}
