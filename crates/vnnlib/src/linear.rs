//! Sums of variables with coefficients, and what a comparison of two of them says.

use crate::error::Fault;
use crate::formula::{Atom, Side};
use crate::property::Inequality;
use crate::variable::Variable;

/// The largest number of variables named in an error.
const MOST_NAMED: usize = 4;

/// Terms plus a constant. A variable may be in several terms.
#[derive(Clone, Debug)]
pub(crate) struct Linear {
    pub terms: Vec<(Variable, f64)>,
    pub constant: f64,
}

impl Linear {
    pub(crate) fn constant(constant: f64) -> Self {
        Self { terms: Vec::new(), constant }
    }

    pub(crate) fn variable(variable: Variable) -> Self {
        Self { terms: vec![(variable, 1.0)], constant: 0.0 }
    }

    pub(crate) fn add(&mut self, mut other: Self) {
        self.constant += other.constant;
        if self.terms.is_empty() {
            self.terms = other.terms;
        } else {
            self.terms.append(&mut other.terms);
        }
    }

    pub(crate) fn map(&mut self, change: impl Fn(f64) -> f64) {
        self.constant = change(self.constant);
        self.terms.iter_mut().for_each(|(_, coefficient)| *coefficient = change(*coefficient));
    }

    /// Fails if a number is infinite or NaN.
    pub(crate) fn finite(self, operation: &'static str) -> Result<Self, Fault> {
        let mut numbers = self.terms.iter().map(|&(_, coefficient)| coefficient).chain([self.constant]);
        match numbers.find(|number| !number.is_finite()) {
            None => Ok(self),
            Some(value) => Err(Fault::NotFinite { operation, value }),
        }
    }

    /// Adds the coefficients of each variable, in the order of the terms, and sorts by variable. Leaves out zeros.
    fn merged(mut self) -> Result<Self, Fault> {
        self.terms.sort_by_key(|&(variable, _)| variable);
        self.terms.dedup_by(|(variable, coefficient), (before, sum)| {
            let same = variable == before;
            if same {
                *sum += *coefficient;
            }
            same
        });
        self.terms.retain(|&(_, coefficient)| coefficient != 0.0);
        self.finite("sum")
    }
}

/// `left ≤ right` as a comparison, or `None` if it always holds.
pub(crate) fn at_most(left: Linear, mut right: Linear, line: usize) -> Result<Option<Atom>, Fault> {
    let mut difference = left;
    right.map(|number| -number);
    difference.add(right);
    let Linear { terms, constant } = difference.merged()?;
    // The sum of a positive zero leaves no negative zero.
    let bound = 0.0 - constant;
    match terms[..] {
        [] if bound >= 0.0 => Ok(None),
        [] => Ok(Some(Atom::False { line })),
        [(Variable::Input(input), coefficient)] => {
            let value = bound / coefficient + 0.0;
            if !value.is_finite() {
                return Err(Fault::NotFinite { operation: "bound", value });
            }
            let side = if coefficient > 0.0 { Side::Upper } else { Side::Lower };
            Ok(Some(Atom::Bound { input, side, value, line }))
        }
        _ => {
            let outputs = terms.iter().map(|&(variable, coefficient)| match variable {
                Variable::Output(output) => Some((output as usize, coefficient)),
                Variable::Input(_) => None,
            });
            match outputs.collect() {
                Some(outputs) => Ok(Some(Atom::Inequality(Inequality { terms: outputs, bound }))),
                None => Err(Fault::Mixed { variables: named(&terms) }),
            }
        }
    }
}

/// The first variables of a sum.
fn named(terms: &[(Variable, f64)]) -> String {
    let names = terms.iter().take(MOST_NAMED).map(|(variable, _)| variable.to_string());
    let more = if terms.len() > MOST_NAMED { ", …" } else { "" };
    names.collect::<Vec<_>>().join(", ") + more
}
