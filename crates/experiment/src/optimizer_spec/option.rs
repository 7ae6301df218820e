//! What an option's number may be.

use std::borrow::Cow;

/// A number among an optimizer's options, with what it may be.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    name: Cow<'static, str>,
    value: f64,
    fine: bool,
    expected: &'static str,
}

impl Checked {
    pub(super) fn positive(name: &'static str, value: f64) -> Self {
        Self { name: Cow::Borrowed(name), value, fine: value.is_finite() && value > 0.0, expected: "a positive number" }
    }

    pub(super) fn zero_or_positive(name: &'static str, value: f64) -> Self {
        Self {
            name: Cow::Borrowed(name),
            value,
            fine: value.is_finite() && value >= 0.0,
            expected: "0 or a positive number",
        }
    }

    /// At least 0 and below 1.
    pub(super) fn share(name: &'static str, value: f64) -> Self {
        Self {
            name: Cow::Borrowed(name),
            value,
            fine: (0.0..1.0).contains(&value),
            expected: "a number from 0 to below 1",
        }
    }

    pub(super) fn count(name: &'static str, value: u32) -> Self {
        Self { name: Cow::Borrowed(name), value: f64::from(value), fine: value > 0, expected: "at least 1" }
    }

    /// A list that has its place elsewhere.
    pub(super) fn absent(name: &'static str, length: Option<usize>) -> Self {
        let value = length.unwrap_or_default() as f64;
        Self {
            name: Cow::Borrowed(name),
            value,
            fine: length.is_none(),
            expected: "nothing; it belongs one table higher",
        }
    }

    /// The same option, of the optimizer that another goes around.
    pub(super) fn of_base(self) -> Self {
        Self { name: Cow::Owned(format!("base.{}", self.name)), ..self }
    }

    /// Its name, its value, and what is expected, where that is something else.
    pub(super) fn nonsense(self) -> Option<(String, f64, &'static str)> {
        (!self.fine).then(|| (self.name.into_owned(), self.value, self.expected))
    }
}
