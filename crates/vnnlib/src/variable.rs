//! The inputs `X_i` and outputs `Y_j`, and which of them a file declares.

use crate::error::{Fault, Located};
use std::collections::BTreeMap;
use std::fmt;

/// An input or output of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Variable {
    Input(u32),
    Output(u32),
}

impl Variable {
    /// Reads a name such as `X_12`. A number is written without leading zeros.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let (kind, digits): (fn(u32) -> Self, &str) = match name.strip_prefix("X_") {
            Some(digits) => (Self::Input, digits),
            None => (Self::Output, name.strip_prefix("Y_")?),
        };
        let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
        digits.parse().ok().filter(|_| is_plain).map(kind)
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(number) => write!(formatter, "X_{number}"),
            Self::Output(number) => write!(formatter, "Y_{number}"),
        }
    }
}

/// The declared variables and the lines of their declarations.
#[derive(Debug, Default)]
pub(crate) struct Declarations {
    lines: BTreeMap<Variable, usize>,
}

impl Declarations {
    pub(crate) fn add(&mut self, variable: Variable, line: usize) -> Result<(), Located> {
        match self.lines.insert(variable, line) {
            None => Ok(()),
            Some(first) => Err(Located { line, fault: Fault::Repeated { name: variable.to_string(), first } }),
        }
    }

    pub(crate) fn contain(&self, variable: Variable) -> bool {
        self.lines.contains_key(&variable)
    }

    /// The lines of a kind's declarations, in the order of the numbers, which have no gap.
    pub(crate) fn lines(&self, kind: fn(u32) -> Variable) -> Result<Vec<usize>, Located> {
        let mut lines = Vec::new();
        for ((&variable, &line), number) in self.lines.range(kind(0)..=kind(u32::MAX)).zip(0..) {
            if variable != kind(number) {
                let fault = Fault::Gap { found: variable.to_string(), missing: kind(number).to_string() };
                return Err(Located { line, fault });
            }
            lines.push(line);
        }
        Ok(lines)
    }
}
