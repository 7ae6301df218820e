//! Properties: the cases in which a network violates its specification.

use std::sync::Arc;

/// A linear inequality over outputs: `Σ aⱼ Yⱼ ≤ b`.
#[derive(Clone, Debug, PartialEq)]
pub struct Inequality {
    pub(crate) terms: Vec<(usize, f64)>,
    pub(crate) bound: f64,
}

impl Inequality {
    /// The outputs `j` and their coefficients `aⱼ`, in ascending order of `j`. There is at least one, each output is there once,
    /// and the coefficients are finite and not zero.
    pub fn terms(&self) -> &[(usize, f64)] {
        &self.terms
    }

    /// The bound `b`, which is finite.
    pub fn bound(&self) -> f64 {
        self.bound
    }

    /// Whether outputs satisfy the inequality, with the sum in `f64` in the order of the terms. NaN and a missing output do not
    /// satisfy it.
    pub fn holds(&self, outputs: &[f64]) -> bool {
        let products = self.terms.iter().map(|&(j, a)| outputs.get(j).map_or(f64::NAN, |y| a * y));
        products.sum::<f64>() <= self.bound
    }
}

/// A box of inputs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct InputBox {
    pub lower: Vec<f64>,
    pub upper: Vec<f64>,
}

/// A case of a [`Property`]: inputs in a box whose outputs satisfy every inequality are violations.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Consecutive cases with the same box share it.
    pub(crate) input: Arc<InputBox>,
    pub(crate) inequalities: Vec<Inequality>,
}

impl Case {
    /// The lower bound of each input. It is finite, and at most the upper bound.
    pub fn lower(&self) -> &[f64] {
        &self.input.lower
    }

    /// The upper bound of each input. It is finite.
    pub fn upper(&self) -> &[f64] {
        &self.input.upper
    }

    /// The inequalities. Without any, every input in the box is a violation.
    pub fn inequalities(&self) -> &[Inequality] {
        &self.inequalities
    }

    /// Whether inputs are in the box and outputs satisfy every inequality. NaN and another number of inputs are in no box.
    pub fn contains(&self, inputs: &[f64], outputs: &[f64]) -> bool {
        let InputBox { lower, upper } = &*self.input;
        inputs.len() == lower.len()
            && inputs.iter().zip(lower.iter().zip(upper)).all(|(x, (lower, upper))| lower <= x && x <= upper)
            && self.inequalities.iter().all(|inequality| inequality.holds(outputs))
    }

    /// Whether this case has the same box as another case.
    pub fn has_box_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.input, &other.input) || self.input == other.input
    }
}

/// A property in disjunctive normal form. An input `x` with outputs `y` is a violation, which is a counterexample, if it is in one
/// of the cases. A network has the property if no case contains a violation.
///
/// # Numbers
/// A number in a file means the `f64` nearest to it. Constants are computed in `f64`, each operation rounded to nearest. The
/// published files write `f32` and `f64` numbers with enough digits to recover them, so that nothing is lost. To cover the decimal
/// numbers of other files too, verify [`Property::outward`].
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) cases: Vec<Case>,
}

impl Property {
    /// The number of inputs, which is at least 1.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The number of outputs, which is at least 1.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The cases, at least one, in the order of the file. Cases may overlap.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// The first case that contains an input with its outputs; `None` if it is no violation, or if a number is NaN.
    pub fn violated_case(&self, inputs: &[f64], outputs: &[f64]) -> Option<usize> {
        let fits = outputs.len() == self.outputs;
        self.cases.iter().position(|case| fits && case.contains(inputs, outputs))
    }

    /// The property with every box and every bound of an inequality one `f64` wider on each side, at most to ±[`f64::MAX`].
    ///
    /// A decimal number lies between the two neighbours of the `f64` nearest to it. A violation in terms of the decimal numbers is
    /// therefore a violation of this property, if each bound is written as one number and `f64` represents the coefficients exactly,
    /// as it does ±1. Constants that were added, multiplied or divided may be further away.
    #[must_use]
    pub fn outward(&self) -> Self {
        let mut cases: Vec<Case> = Vec::with_capacity(self.cases.len());
        let mut before: Option<&Case> = None;
        for case in &self.cases {
            let input = match (before, cases.last()) {
                (Some(before), Some(wider)) if Arc::ptr_eq(&before.input, &case.input) => Arc::clone(&wider.input),
                _ => Arc::new(InputBox {
                    lower: case.lower().iter().map(|bound| bound.next_down().max(f64::MIN)).collect(),
                    upper: case.upper().iter().map(|bound| wider(*bound)).collect(),
                }),
            };
            let inequalities = case.inequalities.iter();
            let inequalities = inequalities
                .map(|Inequality { terms, bound }| Inequality { terms: terms.clone(), bound: wider(*bound) })
                .collect();
            cases.push(Case { input, inequalities });
            before = Some(case);
        }
        Self { cases, ..*self }
    }
}

/// The next larger number, at most the largest.
fn wider(bound: f64) -> f64 {
    bound.next_up().min(f64::MAX)
}
