//! What is to be proved of the outputs.

use crate::VerifyError;

/// A linear inequality of the outputs: `Σ coefficients · output ≤ bound`.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearConstraint {
    /// One coefficient for each output.
    pub coefficients: Vec<f64>,
    /// The largest value of the sum.
    pub bound: f64,
}

impl LinearConstraint {
    /// `Σ coefficients · output − bound`: positive if the inequality does not hold.
    #[must_use]
    pub fn margin(&self, outputs: &[f32]) -> f64 {
        let terms = self.coefficients.iter().zip(outputs).filter(|(a, _)| **a != 0.0);
        terms.map(|(a, y)| a * f64::from(*y)).sum::<f64>() - self.bound
    }
}

/// The outputs that must not occur: any of several targets, each of which is met if all its inequalities hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Specification {
    pub(crate) targets: Vec<Vec<LinearConstraint>>,
    pub(crate) outputs: usize,
}

impl Specification {
    /// The true class has the largest logit. Each other class is a target: its logit is at least the true one's, so ties
    /// count as errors.
    ///
    /// # Errors
    /// Returns [`VerifyError::Label`] if the label is no class, or there is only one class.
    pub fn classification(classes: usize, label: usize) -> Result<Self, VerifyError> {
        if label >= classes || classes < 2 {
            return Err(VerifyError::Label { found: label, classes });
        }
        let target = |class: usize| {
            let mut coefficients = vec![0.0; classes];
            coefficients[label] = 1.0;
            coefficients[class] = -1.0;
            vec![LinearConstraint { coefficients, bound: 0.0 }]
        };
        let targets = (0..classes).filter(|&class| class != label).map(target).collect();
        Ok(Self { targets, outputs: classes })
    }

    /// Outputs that must not occur: the disjunction of conjunctions of inequalities of a VNN-LIB property.
    ///
    /// # Errors
    /// Returns [`VerifyError::Constraint`] if a number is NaN or infinite or a conjunction is empty, and
    /// [`VerifyError::Length`] if an inequality does not have one coefficient for each output.
    pub fn unsafe_outputs(outputs: usize, targets: Vec<Vec<LinearConstraint>>) -> Result<Self, VerifyError> {
        for (index, target) in targets.iter().enumerate() {
            if target.is_empty() {
                return Err(VerifyError::Constraint { index, found: "a conjunction without inequalities".into() });
            }
            for constraint in target {
                let found = constraint.coefficients.len();
                if found != outputs {
                    return Err(VerifyError::Length { what: "coefficients of a constraint", found, expected: outputs });
                }
                let numbers = constraint.coefficients.iter().chain([&constraint.bound]);
                if let Some(number) = numbers.into_iter().find(|x| !x.is_finite()) {
                    return Err(VerifyError::Constraint { index, found: number.to_string() });
                }
            }
        }
        Ok(Self { targets, outputs })
    }

    /// The targets.
    #[must_use]
    pub fn targets(&self) -> &[Vec<LinearConstraint>] {
        &self.targets
    }

    /// The first target that an output meets.
    #[must_use]
    pub fn violated(&self, outputs: &[f32]) -> Option<usize> {
        self.targets.iter().position(|target| target.iter().all(|constraint| constraint.margin(outputs) <= 0.0))
    }
}
