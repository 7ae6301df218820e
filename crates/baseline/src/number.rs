//! A number with its name and tolerance.

use serde::{Deserialize, Serialize};

/// A number with its name and tolerance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Number {
    /// The name, unique within a baseline.
    pub name: String,
    /// The value.
    pub value: f64,
    /// The largest accepted difference, in the unit of the value.
    pub tolerance: f64,
}

impl Number {
    /// A number that may move by `tolerance`.
    #[must_use]
    pub fn new(name: impl Into<String>, value: f64, tolerance: f64) -> Self {
        Self { name: name.into(), value, tolerance }
    }
}

/// A number for readers: whole numbers as they are, others with four decimals.
pub(crate) fn shown(x: f64) -> String {
    if x.fract() == 0.0 && x.abs() < 1e15 { format!("{x:.0}") } else { format!("{x:.4}") }
}
