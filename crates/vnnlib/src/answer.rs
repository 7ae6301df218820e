//! Answers of a verifier in VNN-COMP's format.

use crate::error::VnnlibError;
use std::fmt;

/// An input that violates a property, with the network's outputs for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Counterexample {
    inputs: Vec<f64>,
    outputs: Vec<f64>,
}

impl Counterexample {
    /// A counterexample. [`Property::violated_case`](crate::Property::violated_case) tells whether it is one of a property.
    ///
    /// # Errors
    /// Returns [`VnnlibError::Value`] if a number is infinite or NaN.
    pub fn new(inputs: Vec<f64>, outputs: Vec<f64>) -> Result<Self, VnnlibError> {
        for (kind, values) in [("X", &inputs), ("Y", &outputs)] {
            if let Some((i, &value)) = values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
                return Err(VnnlibError::Value { name: format!("{kind}_{i}"), value });
            }
        }
        Ok(Self { inputs, outputs })
    }

    /// The inputs.
    pub fn inputs(&self) -> &[f64] {
        &self.inputs
    }

    /// The outputs.
    pub fn outputs(&self) -> &[f64] {
        &self.outputs
    }
}

/// Writes `((X_0 v) … (Y_0 v) …)`, a variable a line. Each number has as many digits as its `f64` takes.
impl fmt::Display for Counterexample {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = |kind, values: &[f64]| {
            let lines = values.iter().enumerate().map(move |(i, value)| format!("({kind}_{i} {value:?})"));
            lines.collect::<Vec<_>>()
        };
        let lines = [values('X', &self.inputs), values('Y', &self.outputs)].concat();
        write!(formatter, "({})", lines.join("\n"))
    }
}

/// A verifier's answer to a property. Its text is the content of a result file of VNN-COMP.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A counterexample exists: the network violates the property.
    Sat(Counterexample),
    /// No counterexample exists: the network has the property.
    Unsat,
    /// The verifier gave up.
    Unknown,
    /// The verifier reached its time limit.
    Timeout,
}

impl fmt::Display for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sat(counterexample) => write!(formatter, "sat\n{counterexample}"),
            Self::Unsat => formatter.write_str("unsat"),
            Self::Unknown => formatter.write_str("unknown"),
            Self::Timeout => formatter.write_str("timeout"),
        }
    }
}
