//! The ranges that options lie in.

use crate::OptimError;

/// A range and its words.
pub(crate) type Range = (fn(f64) -> bool, &'static str);

pub(crate) const POSITIVE: Range = (|x| x > 0.0 && x.is_finite(), "a positive number");
pub(crate) const NOT_NEGATIVE: Range = (|x| x >= 0.0 && x.is_finite(), "a finite number, zero or more");
pub(crate) const BELOW_ONE: Range = (|x| (0.0..1.0).contains(&x), "a number from 0 to below 1");
pub(crate) const POSITIVE_BELOW_ONE: Range = (|x| x > 0.0 && x < 1.0, "a number between 0 and 1");
pub(crate) const AT_LEAST_ONE: Range = (|x| x >= 1.0 && x.is_finite(), "a finite number, one or more");

/// Fails where an option is out of its range.
pub(crate) fn check(option: &'static str, found: f64, (holds, expected): Range) -> Result<(), OptimError> {
    if holds(found) { Ok(()) } else { Err(OptimError::Option { option, found, expected }) }
}
