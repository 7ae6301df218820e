//! Properties of neural networks in VNN-LIB 1.0, the format of VNN-COMP.
//!
//! A file declares the inputs `X_0`, `X_1`, … and outputs `Y_0`, `Y_1`, … of a network, and asserts when they are a violation.
//! [`read`] and [`parse`] bring it to disjunctive normal form: a list of [cases](Case), each a box of inputs and linear
//! [inequalities](Inequality) over outputs. A network has the [`Property`] if no input in the box of a case has outputs that
//! satisfy its inequalities. [`Answer`] writes a verifier's result.
//!
//! ```
//! use minima_vnnlib::{Answer, Counterexample, parse};
//!
//! let property = parse(
//!     "; Output 0 is the largest for all inputs from 0 to 0.5: a violation has another one that is as large.
//!     (declare-const X_0 Real)
//!     (declare-const Y_0 Real)
//!     (declare-const Y_1 Real)
//!     (declare-const Y_2 Real)
//!     (assert (>= X_0 0))
//!     (assert (<= X_0 0.5))
//!     (assert (or (and (>= Y_1 Y_0)) (and (>= Y_2 Y_0))))",
//!     "largest.vnnlib",
//! )?;
//! assert_eq!((property.inputs(), property.outputs(), property.cases().len()), (1, 3, 2));
//!
//! let second = &property.cases()[1];
//! assert_eq!((second.lower(), second.upper()), (&[0.0][..], &[0.5][..]));
//! // Y₀ − Y₂ ≤ 0.
//! assert_eq!(second.inequalities()[0].terms(), [(0, 1.0), (2, -1.0)]);
//! assert_eq!(second.inequalities()[0].bound(), 0.0);
//!
//! let (input, outputs) = (vec![0.25], vec![1.0, -1.0, 2.0]);
//! assert_eq!(property.violated_case(&input, &outputs), Some(1));
//! let answer = Answer::Sat(Counterexample::new(input, outputs)?);
//! assert_eq!(answer.to_string(), "sat\n((X_0 0.25)\n(Y_0 1.0)\n(Y_1 -1.0)\n(Y_2 2.0))");
//! # Ok::<(), minima_vnnlib::VnnlibError>(())
//! ```
//!
//! # What is read
//!
//! | part | forms |
//! |---|---|
//! | declaration | `(declare-const X_0 Real)`, `(declare-fun X_0 () Real)`; in any order, before use, numbered without a gap |
//! | assertion | `(assert F)`; all assertions hold together |
//! | formula `F` | `(and F …)`, `(or F …)`, `(<= T T …)`, `(>= T T …)`, `(= T T …)` |
//! | term `T` | a variable, a number, `(+ T …)`, `(- T)`, `(- T T …)`, `(* T …)`, `(/ T T …)`; linear |
//! | number | `1`, `-1.5`, `.5`, `2.5e-3`, `(- 1.0)` |
//! | no effect | comments, `check-sat`, `echo`, `get-model`, `get-value`, `set-info`, `set-logic`, `set-option`, and the text after `exit` |
//!
//! A comparison is about one input or about outputs. Strict comparisons and negations are refused, because a case is a closed set.
//! VNN-LIB 2.0 is refused.
//!
//! # Cases
//!
//! - `and` and `or` are nested in any way. A bound of an input within an `or` is a bound of that case alone. The tightest of several
//!   bounds counts.
//! - In each case every input has a lower and an upper bound. A file in which one lacks is refused.
//! - A case whose lower bound is above its upper bound is empty and is left out. A file whose cases are all empty is refused, because
//!   every network would have its property.
//! - Nesting is at most 256 deep.
//! - The normal form has at most 2¹⁸ numbers, plus four for each byte of the file. A file in normal form has fewer. Memory is therefore
//!   in proportion to the file.

mod answer;
mod error;
mod formula;
mod linear;
mod normal_form;
mod number;
mod parser;
mod property;
mod read;
mod terms;
mod text;
mod tokens;
mod variable;

pub use answer::{Answer, Counterexample};
pub use error::{Fault, VnnlibError};
pub use property::{Case, Inequality, Property};
pub use read::{parse, read};
