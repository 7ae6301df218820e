//! The error of one layer, before its place is known.

use crate::expression::NoValue;
use minima_autodiff::AutodiffError;

/// A layer cannot be built.
#[derive(Debug)]
pub(super) enum Fault {
    /// A number or a shape is not valid.
    Content { found: String, expected: String },
    /// The builder refuses the layer.
    Graph(AutodiffError),
    /// The network is too large.
    Limit { what: &'static str, found: String, most: u64 },
}

impl Fault {
    pub(super) fn content(found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::Content { found: found.into(), expected: expected.into() }
    }

    /// Fails if `found` is too large.
    pub(super) fn check(what: &'static str, found: u128, most: u64) -> Result<(), Self> {
        if found <= u128::from(most) {
            return Ok(());
        }
        Err(Self::Limit { what, found: found.to_string(), most })
    }
}

impl From<AutodiffError> for Fault {
    fn from(error: AutodiffError) -> Self {
        Self::Graph(error)
    }
}

impl From<NoValue> for Fault {
    fn from(NoValue { found, expected }: NoValue) -> Self {
        Self::content(found, expected)
    }
}
