//! Formulas of comparisons, `and` and `or`.

use crate::property::Inequality;

/// A side of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Lower,
    Upper,
}

/// A comparison.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Atom {
    /// A bound on one input.
    Bound { input: u32, side: Side, value: f64, line: usize },
    /// A bound on a sum of outputs.
    Inequality(Inequality),
    /// A comparison of constants that does not hold.
    False { line: usize },
}

/// All parts hold. Without parts it is true.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Conjunction {
    pub atoms: Vec<Atom>,
    pub disjunctions: Vec<Disjunction>,
}

impl Conjunction {
    /// Adds the parts of another conjunction.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.atoms.append(&mut other.atoms);
        self.disjunctions.append(&mut other.disjunctions);
    }
}

/// One of the options holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Disjunction {
    pub line: usize,
    pub options: Vec<Conjunction>,
}
