//! What an option's number may be.

/// A number among an optimizer's options, with what it may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checked {
    name: &'static str,
    value: f64,
    fine: bool,
    expected: &'static str,
}

impl Checked {
    pub(super) fn positive(name: &'static str, value: f64) -> Self {
        Self { name, value, fine: value.is_finite() && value > 0.0, expected: "a positive number" }
    }

    pub(super) fn zero_or_positive(name: &'static str, value: f64) -> Self {
        Self { name, value, fine: value.is_finite() && value >= 0.0, expected: "0 or a positive number" }
    }

    /// At least 0 and below 1.
    pub(super) fn share(name: &'static str, value: f64) -> Self {
        Self { name, value, fine: (0.0..1.0).contains(&value), expected: "a number from 0 to below 1" }
    }

    pub(super) fn count(name: &'static str, value: u32) -> Self {
        Self { name, value: f64::from(value), fine: value > 0, expected: "at least 1" }
    }

    /// Its name, its value, and what is expected, where that is something else.
    pub(super) fn nonsense(self) -> Option<(&'static str, f64, &'static str)> {
        (!self.fine).then_some((self.name, self.value, self.expected))
    }
}
