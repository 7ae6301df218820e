//! What can be wrong with a network or a property.

use thiserror::Error;

/// The reason why a property of a network cannot be examined.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum VerifyError {
    /// The network has an operation without a sound rule.
    #[error("layer {layer}: no sound bound of the operation {operation} is known; {expected}")]
    Operation {
        /// The layer.
        layer: String,
        /// The operation.
        operation: String,
        /// The operations that have bounds.
        expected: &'static str,
    },
    /// A parameter of the network is NaN or infinite.
    #[error("layer {layer}: number {index} of its parameters is {found}, expected a finite number")]
    Parameter {
        /// The layer.
        layer: String,
        /// The index of the number among the layer's parameters.
        index: usize,
        /// The number.
        found: f64,
    },
    /// A vector has another length than the network or the property needs.
    #[error("{what}: found {found} numbers, expected {expected}")]
    Length {
        /// The vector.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The expected length.
        expected: usize,
    },
    /// The input set is empty or not bounded, or its centre lies outside.
    #[error("input {index}: found {found}, expected {expected}")]
    InputSet {
        /// The index of the input.
        index: usize,
        /// What was found.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// A radius is negative or not finite.
    #[error("radius {found}, expected a finite number of at least 0")]
    Radius {
        /// The radius.
        found: f64,
    },
    /// A label is no class of the network, or the network has a single class.
    #[error("label {found} of {classes} classes, expected a smaller number and at least two classes")]
    Label {
        /// The label.
        found: usize,
        /// The number of classes.
        classes: usize,
    },
    /// A constraint on the outputs is not finite or has no term.
    #[error("output constraint {index}: found {found}, expected finite coefficients")]
    Constraint {
        /// The index of the constraint.
        index: usize,
        /// What was found.
        found: String,
    },
}
