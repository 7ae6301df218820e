//! The errors of properties and counterexamples.

use std::path::PathBuf;

/// What is wrong at a line of a file.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A word or a parenthesis is not what the grammar has at this place.
    #[error("found {found}, expected {expected}")]
    Syntax {
        /// The word or parenthesis.
        found: String,
        /// What could be there.
        expected: String,
    },
    /// A variable is used before its declaration.
    #[error("found {name} without a declaration, expected (declare-const {name} Real) before it")]
    Undeclared {
        /// The variable.
        name: String,
    },
    /// A variable is declared twice.
    #[error("found a second declaration of {name}, expected only the declaration in line {first}")]
    Repeated {
        /// The variable.
        name: String,
        /// The line of the first declaration.
        first: usize,
    },
    /// A variable is declared, and one with a lower number is not.
    #[error("found {found} without {missing}, expected the numbers from 0 without a gap")]
    Gap {
        /// The declared variable.
        found: String,
        /// The variable that is not declared.
        missing: String,
    },
    /// A word in the place of a number is not a number in `f64`'s range.
    #[error("found the number {found}, expected a decimal number of at most 1.8e308 in size")]
    Number {
        /// The word.
        found: String,
    },
    /// A result of arithmetic on constants is not in `f64`'s range.
    #[error("found constants whose {operation} is {value}, expected at most 1.8e308 in size")]
    NotFinite {
        /// Sum, product, quotient or bound.
        operation: &'static str,
        /// The result: an infinity or NaN.
        value: f64,
    },
    /// A product of variables, or a quotient by a variable.
    #[error(
        "found a {operation} that is not linear, expected at most one factor with variables, and constant divisors"
    )]
    Nonlinear {
        /// Product or quotient.
        operation: &'static str,
    },
    /// A comparison of several inputs, or of inputs with outputs.
    #[error("found a comparison of {variables}, expected one input or outputs only")]
    Mixed {
        /// The first of its variables.
        variables: String,
    },
    /// Expressions are nested too deeply.
    #[error("found expressions nested more than {most} deep, expected at most {most}")]
    Depth {
        /// The limit.
        most: usize,
    },
    /// The normal form is too large for a file of this size.
    #[error("found a formula with too many cases, expected a disjunctive normal form of at most {most} numbers")]
    TooManyCases {
        /// The limit: a multiple of the size of the file.
        most: usize,
    },
    /// An input has no bound on one side.
    #[error("found no {side} bound of {name} in case {case}, expected bounds on both sides in every case")]
    Unbounded {
        /// The input.
        name: String,
        /// `lower` or `upper`.
        side: &'static str,
        /// The number of the case, from 0.
        case: usize,
    },
    /// No case has a point.
    #[error("found assertions that no point satisfies ({found}), expected a case that is not empty")]
    Contradiction {
        /// The first contradiction.
        found: String,
    },
}

/// A property or a counterexample cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VnnlibError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The content of a file is not a property that can be read.
    #[error("{file}, line {line}: {fault}")]
    Content {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is there and what was expected.
        fault: Fault,
    },
    /// A counterexample has a number that is not finite.
    #[error("counterexample: found {name} = {value}, expected a finite number")]
    Value {
        /// The variable.
        name: String,
        /// Its value: an infinity or NaN.
        value: f64,
    },
}

/// A fault and its line, before the name of the file is known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Located {
    pub line: usize,
    pub fault: Fault,
}
