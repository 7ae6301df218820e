//! Backtracking line search.

use crate::OptimError;
use crate::range::{AT_LEAST_ONE, POSITIVE_BELOW_ONE, check};
use serde::{Deserialize, Serialize};

/// Backtracking until Armijo's condition `F(θ − t d) ≤ F(θ) − c t gᵀd` holds (Armijo 1966; Nocedal & Wright 2006,
/// algorithm 3.1). F is the batch's mean loss plus the weight decay's term. The first t is the learning rate, reduced
/// by the step limit if necessary.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Armijo {
    /// The constant c: the share of the slope's predicted decrease that is sufficient.
    pub sufficient: f64,
    /// The factor of t after a failed trial.
    pub shrink: f64,
    /// The largest number of trials.
    pub trials: usize,
}

impl Default for Armijo {
    /// Uses c = 1e-4, halving, and 10 trials.
    fn default() -> Self {
        Self { sufficient: 1e-4, shrink: 0.5, trials: 10 }
    }
}

/// A step along a direction: its length t and its loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Trial {
    pub rate: f64,
    pub loss: f64,
}

impl Armijo {
    pub(super) fn check(&self) -> Result<(), OptimError> {
        check::<f64>("sufficient", self.sufficient, POSITIVE_BELOW_ONE)?;
        check::<f64>("shrink", self.shrink, POSITIVE_BELOW_ONE)?;
        check::<f64>("trials", self.trials as f64, AT_LEAST_ONE)
    }

    /// Returns the first of `first, shrink · first, …` that meets the condition, or `None` if no trial does. `loss` is
    /// F at θ, `slope` is gᵀd, and `at` returns F at θ − t d. The condition does not hold if F is not finite. If the
    /// slope is negative, d is an ascent direction and the condition would allow F to rise: no length is accepted.
    pub(super) fn search(
        &self,
        first: f64,
        loss: f64,
        slope: f64,
        mut at: impl FnMut(f64) -> Result<f64, OptimError>,
    ) -> Result<Option<Trial>, OptimError> {
        if slope < 0.0 {
            return Ok(None);
        }
        let mut rate = first;
        for _ in 0..self.trials {
            let trial = Trial { rate, loss: at(rate)? };
            if trial.loss <= loss - self.sufficient * rate * slope {
                return Ok(Some(trial));
            }
            rate *= self.shrink;
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::{Armijo, Trial};

    #[test]
    fn the_first_length_that_is_good_enough_is_taken() {
        // F(t) = (t − 1)² from F(0) = 1, gᵀd = 2. With c = ½ the condition is t² − 2t ≤ −t: t ≤ 1.
        let armijo = Armijo { sufficient: 0.5, shrink: 0.5, trials: 4 };
        let mut seen = Vec::new();
        let found = armijo.search(3.0, 1.0, 2.0, |t| {
            seen.push(t);
            Ok((t - 1.0).powi(2))
        });
        assert_eq!(found.unwrap(), Some(Trial { rate: 0.75, loss: 0.0625 }));
        assert_eq!(seen, [3.0, 1.5, 0.75]);
        // The condition holds with equality at t = 1.
        let found = armijo.search(1.0, 1.0, 2.0, |t| Ok((t - 1.0).powi(2)));
        assert_eq!(found.unwrap(), Some(Trial { rate: 1.0, loss: 0.0 }));
    }

    #[test]
    fn no_length_is_good_enough_on_the_way_up() {
        // F(t) = 1 + 1e-5 t lies below Armijo's line for the slope −1, 1 + 1e-4 t, but increases.
        let armijo = Armijo::default();
        let mut trials = 0;
        let found = armijo.search(1.0, 1.0, -1.0, |t| {
            trials += 1;
            Ok(1.0 + 1e-5 * t)
        });
        assert_eq!((found.unwrap(), trials), (None, 0));
        // With a zero gradient, d is zero and staying at θ is accepted.
        assert_eq!(armijo.search(1.0, 1.0, 0.0, |_| Ok(1.0)).unwrap(), Some(Trial { rate: 1.0, loss: 1.0 }));
    }

    #[test]
    fn where_nothing_is_good_enough_nothing_is_taken() {
        let armijo = Armijo { trials: 3, ..Armijo::default() };
        let mut trials = 0;
        let found = armijo.search(1.0, 0.0, 1.0, |t| {
            trials += 1;
            Ok(if trials == 2 { f64::NAN } else { t })
        });
        assert_eq!((found.unwrap(), trials), (None, 3));
    }
}
