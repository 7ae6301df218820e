//! Range checks of an optimizer's numeric options.

use std::borrow::Cow;

/// A numeric option of an optimizer with its valid range.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    name: Cow<'static, str>,
    value: f64,
    fine: bool,
    expected: &'static str,
}

impl Checked {
    fn new(name: &'static str, value: f64, fine: bool, expected: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), value, fine, expected }
    }

    /// A number that must be in its range also after rounding to single precision, the precision of training.
    fn number(name: &'static str, value: f64, holds: fn(f64) -> bool, [expected, single]: [&'static str; 2]) -> Self {
        let expected = if holds(value) { single } else { expected };
        Self::new(name, value, holds(value) && holds(f64::from(value as f32)), expected)
    }

    pub(super) fn positive(name: &'static str, value: f64) -> Self {
        let expected = ["a positive number", "a number that is positive and finite in single precision"];
        Self::number(name, value, |x| x.is_finite() && x > 0.0, expected)
    }

    /// A positive number that is used in double precision, regardless of the network's precision.
    pub(super) fn positive_in_double(name: &'static str, value: f64) -> Self {
        Self::new(name, value, value.is_finite() && value > 0.0, "a positive number")
    }

    pub(super) fn zero_or_positive(name: &'static str, value: f64) -> Self {
        let expected = ["0 or a positive number", "a number that is finite in single precision"];
        Self::number(name, value, |x| x.is_finite() && x >= 0.0, expected)
    }

    /// At least 0 and below 1.
    pub(super) fn share(name: &'static str, value: f64) -> Self {
        let expected = ["a number from 0 to below 1", "a number that is below 1 in single precision"];
        Self::number(name, value, |x| (0.0..1.0).contains(&x), expected)
    }

    pub(super) fn count(name: &'static str, value: u32) -> Self {
        Self::new(name, f64::from(value), value > 0, "at least 1")
    }

    /// A switch that may be on only if `allowed`.
    pub(super) fn switch(name: &'static str, on: bool, allowed: bool, expected: &'static str) -> Self {
        Self::new(name, f64::from(u8::from(on)), allowed || !on, expected)
    }

    /// A list that must not be set here.
    pub(super) fn absent(name: &'static str, length: Option<usize>) -> Self {
        let value = length.unwrap_or_default() as f64;
        Self::new(name, value, length.is_none(), "no labels here (set them one table higher)")
    }

    /// An option in the table `options` of a registered optimizer.
    pub(super) fn own(name: &str, value: f64, fine: bool, expected: &'static str) -> Self {
        Self { name: Cow::Owned(format!("options.{name}")), value, fine, expected }
    }

    /// The same option, as an option of the optimizer in the table `name`.
    pub(super) fn within(self, name: &str) -> Self {
        Self { name: Cow::Owned(format!("{name}.{}", self.name)), ..self }
    }

    /// The option's name, its value and the expected range, if the value is invalid.
    pub(super) fn nonsense(self) -> Option<(String, f64, &'static str)> {
        (!self.fine).then(|| (self.name.into_owned(), self.value, self.expected))
    }
}
