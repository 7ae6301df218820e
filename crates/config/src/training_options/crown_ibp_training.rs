//! Training on linear bounds whose ranges are intervals.

use super::interval_training::{IntervalStep, IntervalTraining};
use serde::{Deserialize, Serialize};

/// How a network is trained on bounds of its worst-case logits in L∞ balls met with [0, 1], by lines and by intervals (Zhang et al.
/// 2020, "Towards stable and efficient training of verifiably robust neural networks": CROWN-IBP).
///
/// It is [`IntervalTraining`] with other bounds of the margins: `(1 − β)` times the bounds by intervals, plus `β` times the bounds by
/// lines. In the steps in which the radius grows, β falls linearly from 1 to [`beta`](Self::beta), and stays there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrownIbpTraining {
    /// ε at the end, in units of a pixel's range.
    pub epsilon: f64,
    /// κ at the end, the weight of the original images.
    #[serde(default = "super::interval_training::kappa")]
    pub kappa: f64,
    /// β at the end, the share of the bounds by lines. With 0, the steps at the end take as long as with intervals alone.
    #[serde(default)]
    pub beta: f64,
    /// The share of all steps before the radius grows.
    #[serde(default = "super::interval_training::warmup")]
    pub warmup: f64,
    /// The share of all steps in which the radius grows.
    #[serde(default = "super::interval_training::ramp")]
    pub ramp: f64,
}

/// The radius, the weight of the original images and the share of lines in one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrownIbpStep {
    /// The radius and the weight of the original images.
    pub interval: IntervalStep,
    /// β.
    pub beta: f64,
}

impl CrownIbpTraining {
    /// The same training on intervals alone.
    #[must_use]
    pub fn intervals(&self) -> IntervalTraining {
        let Self { epsilon, kappa, warmup, ramp, .. } = *self;
        IntervalTraining { epsilon, kappa, warmup, ramp }
    }

    /// The radius, the weight and the share in a step after this many of `steps` steps. They depend on these numbers alone.
    #[must_use]
    pub fn at(&self, step: u64, steps: u64) -> CrownIbpStep {
        let intervals = self.intervals();
        let gone = intervals.gone(step, steps);
        CrownIbpStep { interval: intervals.at(step, steps), beta: (1.0 - gone) + gone * self.beta }
    }

    /// The first key with an invalid value, the value, and the expected range.
    pub(super) fn nonsense(&self) -> Option<(&'static str, f64, &'static str)> {
        if !(0.0..=1.0).contains(&self.beta) {
            return Some(("beta", self.beta, "a number from 0 to 1"));
        }
        self.intervals().nonsense()
    }
}
