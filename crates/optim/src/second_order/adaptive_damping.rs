//! Damping that adapts to the accuracy of the quadratic model.

use crate::OptimError;
use crate::range::{AT_LEAST_ONE, POSITIVE, check};
use serde::{Deserialize, Serialize};

/// Levenberg-Marquardt damping by the reduction ratio `ρ = (F(θ + s) − F(θ)) / (m(s) − m(0))` of a step s (Marquardt 1963;
/// Nocedal & Wright 2006, section 4.1; Martens 2010, section 4.1).
///
/// F is the batch's mean loss plus the weight decay's term δ‖Dθ‖²/2. The model `m(s) − m(0) = gᵀs + ½ sᵀ(C + δD)s`
/// contains no damping: if F equals the model, ρ is 1 for every λ. λ grows if ρ is below `low` and shrinks if ρ is
/// above `high`. A step for which the model predicts no reduction counts as a step without reduction. The ratio is
/// meaningful only if C is a curvature of the mean loss: the GGN of the mean, or the Fisher matrix, exact or sampled.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LevenbergMarquardt {
    /// The ratio below which λ grows.
    pub low: f64,
    /// The ratio above which λ shrinks.
    pub high: f64,
    /// The factor by which λ grows, at least 1.
    pub grow: f64,
    /// The divisor of λ when it shrinks, at least 1.
    pub shrink: f64,
    /// The least λ.
    pub least: f64,
    /// The greatest λ.
    pub greatest: f64,
    /// Whether a step that does not lower F is rejected.
    pub rejects: bool,
}

impl Default for LevenbergMarquardt {
    /// The defaults of Martens: thresholds ¼ and ¾, factors 3/2. λ stays within 1e-3 and 1e3, and steps are not
    /// rejected.
    ///
    /// If the learning rate is well below 1, a batch's own loss mostly decreases as predicted, regardless of other
    /// batches, and λ shrinks to its least value. The least value is therefore not tiny.
    fn default() -> Self {
        Self { low: 0.25, high: 0.75, grow: 1.5, shrink: 1.5, least: 1e-3, greatest: 1e3, rejects: false }
    }
}

impl LevenbergMarquardt {
    pub(super) fn check(&self) -> Result<(), OptimError> {
        check::<f64>("grow", self.grow, AT_LEAST_ONE)?;
        check::<f64>("shrink", self.shrink, AT_LEAST_ONE)?;
        check::<f64>("least", self.least, POSITIVE)?;
        check::<f64>("greatest", self.greatest, (|x| x > 0.0, "a positive number"))?;
        if self.least > self.greatest {
            return Err(OptimError::Option { option: "least", found: self.least, expected: "at most `greatest`" });
        }
        if self.low.is_nan() || self.high.is_nan() || self.low > self.high {
            return Err(OptimError::Option { option: "low", found: self.low, expected: "at most `high`" });
        }
        Ok(())
    }

    /// The next λ. It grows if the ratio is NaN because the loss is NaN.
    pub(super) fn next(&self, damping: f64, ratio: f64) -> f64 {
        let next = if ratio > self.high {
            damping / self.shrink
        } else if ratio >= self.low {
            damping
        } else {
            damping * self.grow
        };
        next.max(self.least).min(self.greatest)
    }
}

/// Computes ρ from the changes of F and of the model. Returns −∞ if the model predicts no reduction, since the ratio
/// has no meaning then.
pub(super) fn reduction_ratio(change: f64, predicted: f64) -> f64 {
    if predicted < 0.0 { change / predicted } else { f64::NEG_INFINITY }
}

#[cfg(test)]
mod tests {
    use super::{LevenbergMarquardt, reduction_ratio};

    #[test]
    fn damping_follows_the_ratio_within_its_bounds() {
        let rule = LevenbergMarquardt { grow: 2.0, shrink: 4.0, least: 0.5, greatest: 3.0, ..Default::default() };
        let next = [0.2, 0.25, 0.75, 0.76, -1.0, f64::NAN, f64::NEG_INFINITY].map(|ratio| rule.next(1.0, ratio));
        assert_eq!(next, [2.0, 1.0, 1.0, 0.5, 2.0, 2.0, 2.0]);
        assert_eq!(rule.next(2.0, 0.0), 3.0);
    }

    #[test]
    fn ratios() {
        assert_eq!(reduction_ratio(-1.0, -2.0), 0.5);
        assert_eq!(reduction_ratio(1.0, -2.0), -0.5);
        assert_eq!(reduction_ratio(-1.0, 2.0), f64::NEG_INFINITY);
        assert!(reduction_ratio(f64::NAN, -1.0).is_nan());
    }
}
