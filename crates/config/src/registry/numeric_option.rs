//! A numeric option of an optimizer of the program's own.

use std::collections::BTreeMap;

/// A numeric option of a registered optimizer: its name, its default value and its range.
#[derive(Clone, Copy, Debug)]
pub struct NumericOption {
    /// The name.
    pub name: &'static str,
    /// The value without a key.
    pub default: f64,
    /// The range in words, such as `a positive number`.
    pub expected: &'static str,
    range: fn(f64) -> bool,
}

impl NumericOption {
    /// An option with a range of its own.
    #[must_use]
    pub fn new(name: &'static str, default: f64, range: fn(f64) -> bool, expected: &'static str) -> Self {
        Self { name, default, expected, range }
    }

    /// A finite number above 0.
    #[must_use]
    pub fn positive(name: &'static str, default: f64) -> Self {
        Self::new(name, default, |x| x.is_finite() && x > 0.0, "a positive number")
    }

    /// A finite number of at least 0.
    #[must_use]
    pub fn zero_or_positive(name: &'static str, default: f64) -> Self {
        Self::new(name, default, |x| x.is_finite() && x >= 0.0, "0 or a positive number")
    }

    /// A number from 0 to below 1.
    #[must_use]
    pub fn share(name: &'static str, default: f64) -> Self {
        Self::new(name, default, |x| (0.0..1.0).contains(&x), "a number from 0 to below 1")
    }

    /// Whether the value is in the range, before and after rounding to single precision.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        (self.range)(value) && (self.range)(f64::from(value as f32))
    }

    /// The given value, or else the default.
    pub(super) fn value(&self, given: &BTreeMap<String, f64>) -> f64 {
        given.get(self.name).copied().unwrap_or(self.default)
    }
}
