//! Training on interval bounds.

use serde::{Deserialize, Serialize};

/// How a network is trained on interval bounds of its worst-case logits in L∞ balls met with [0, 1] (Gowal et al. 2018, "On
/// the effectiveness of interval bound propagation for training verifiably robust models").
///
/// The loss is `κ` times the cross-entropy of the images plus `1 − κ` times the cross-entropy of the worst-case logits. In the first
/// steps κ is 1 and the radius is 0. Then both change linearly, κ to [`kappa`](Self::kappa) and the radius to
/// [`epsilon`](Self::epsilon), and stay there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntervalTraining {
    /// ε at the end, in units of a pixel's range.
    pub epsilon: f64,
    /// κ at the end, the weight of the original images.
    #[serde(default = "kappa")]
    pub kappa: f64,
    /// The share of all steps before the radius grows.
    #[serde(default = "warmup")]
    pub warmup: f64,
    /// The share of all steps in which the radius grows.
    #[serde(default = "ramp")]
    pub ramp: f64,
}

/// The radius and the weight of the original images in one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IntervalStep {
    /// ε, in units of a pixel's range.
    pub epsilon: f64,
    /// κ.
    pub kappa: f64,
}

pub(super) fn kappa() -> f64 {
    0.5
}

pub(super) fn warmup() -> f64 {
    0.1
}

pub(super) fn ramp() -> f64 {
    0.4
}

impl IntervalTraining {
    /// The radius and the weight in a step after this many of `steps` steps. They depend on these numbers alone.
    ///
    /// In the n-th of N steps of the ramp, the share n/N of the way is gone.
    #[must_use]
    pub fn at(&self, step: u64, steps: u64) -> IntervalStep {
        let gone = self.gone(step, steps);
        // Exactly `epsilon` and `kappa` at the end.
        IntervalStep { epsilon: gone * self.epsilon, kappa: (1.0 - gone) + gone * self.kappa }
    }

    /// The share of the ramp that is gone after the step that follows this many of `steps` steps.
    pub(super) fn gone(&self, step: u64, steps: u64) -> f64 {
        let first = (self.warmup * steps as f64).round() as u64;
        let ramp = (self.ramp * steps as f64).round() as u64;
        match step.checked_sub(first) {
            None => 0.0,
            Some(after) if after >= ramp => 1.0,
            Some(after) => (after + 1) as f64 / ramp as f64,
        }
    }

    /// The first key with an invalid value, the value, and the expected range.
    pub(super) fn nonsense(&self) -> Option<(&'static str, f64, &'static str)> {
        if !(0.0..=1.0).contains(&self.kappa) {
            return Some(("kappa", self.kappa, "a number from 0 to 1"));
        }
        if !(0.0..=1.0).contains(&self.warmup) {
            return Some(("warmup", self.warmup, "a share from 0 to 1"));
        }
        if !(0.0..=1.0).contains(&self.ramp) {
            return Some(("ramp", self.ramp, "a share from 0 to 1"));
        }
        // Rounded, so that 0.9 and 0.1 are allowed.
        (self.warmup + self.ramp > 1.0 + 1e-9).then_some(("ramp", self.ramp, "at most 1 together with warmup"))
    }
}
