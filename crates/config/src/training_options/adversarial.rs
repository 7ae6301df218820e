//! Training for robust predictions: on adversarial images, or on interval bounds.

use super::crown_ibp_training::CrownIbpTraining;
use super::interval_training::IntervalTraining;
use serde::{Deserialize, Serialize};

/// How a training step sees the L∞ ball of radius ε around each image, met with [0, 1]: by adversarial images, or by interval
/// bounds over all its images.
///
/// The start of each search for an adversarial image is random: a function of the run's seed, the epoch and the image.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum AdversarialTraining {
    /// One step from a uniform point of the ball (Wong, Rice & Kolter 2020, "Fast is better than free: revisiting
    /// adversarial training").
    Fgsm {
        /// ε, in units of a pixel's range.
        epsilon: f64,
        /// The length of the step as a multiple of ε.
        #[serde(default = "fast_step")]
        step: f64,
    },
    /// Projected gradient descent from a uniform point of the ball (Madry et al. 2018, "Towards deep learning models
    /// resistant to adversarial attacks").
    Pgd {
        /// ε, in units of a pixel's range.
        epsilon: f64,
        /// The number of steps.
        #[serde(default = "steps")]
        steps: u32,
        /// The length of a step as a multiple of ε.
        #[serde(default = "step")]
        step: f64,
    },
    /// TRADES: cross-entropy on the images, plus β times the divergence of the predictions on adversarial images, which
    /// maximize it (Zhang et al. 2019, "Theoretically principled trade-off between robustness and accuracy").
    Trades {
        /// ε, in units of a pixel's range.
        epsilon: f64,
        /// The number of steps.
        #[serde(default = "steps")]
        steps: u32,
        /// The length of a step as a multiple of ε.
        #[serde(default = "step")]
        step: f64,
        /// β.
        #[serde(default = "beta")]
        beta: f64,
    },
    /// Interval bounds of the worst-case logits, instead of adversarial images.
    Ibp(IntervalTraining),
    /// Linear bounds of the worst-case logits, mixed with interval bounds, instead of adversarial images.
    CrownIbp(CrownIbpTraining),
}

/// The time of a gradient of linear bounds in ordinary gradients, measured on the paper's network with ten classes.
const LINES: u32 = 80;

impl AdversarialTraining {
    /// The number of gradients of a training step beside the one on its images: one for each step of the search, and for TRADES
    /// another one on the adversarial images. A gradient of interval bounds takes the time of two,
    /// and a gradient of linear bounds the time of about eighty.
    #[must_use]
    pub fn further_gradients(&self) -> u32 {
        match self {
            Self::Fgsm { .. } => 1,
            Self::Pgd { steps, .. } => *steps,
            Self::Trades { steps, .. } => steps.saturating_add(1),
            Self::Ibp(_) => 2,
            Self::CrownIbp(_) => LINES,
        }
    }
}

fn fast_step() -> f64 {
    1.25
}

fn steps() -> u32 {
    10
}

fn step() -> f64 {
    0.25
}

fn beta() -> f64 {
    6.0
}

/// The most steps of a search.
const MOST_STEPS: u32 = 10_000;

impl AdversarialTraining {
    /// ε, in units of a pixel's range.
    #[must_use]
    pub fn epsilon(&self) -> f64 {
        match *self {
            Self::Fgsm { epsilon, .. } | Self::Pgd { epsilon, .. } | Self::Trades { epsilon, .. } => epsilon,
            Self::Ibp(intervals) => intervals.epsilon,
            Self::CrownIbp(bounds) => bounds.epsilon,
        }
    }

    /// The number of steps of a search; 0 without a search.
    #[must_use]
    pub fn steps(&self) -> u32 {
        match *self {
            Self::Fgsm { .. } => 1,
            Self::Pgd { steps, .. } | Self::Trades { steps, .. } => steps,
            Self::Ibp(_) | Self::CrownIbp(_) => 0,
        }
    }

    /// The length of a step as a multiple of ε; 0 without a search.
    #[must_use]
    pub fn step(&self) -> f64 {
        match *self {
            Self::Fgsm { step, .. } | Self::Pgd { step, .. } | Self::Trades { step, .. } => step,
            Self::Ibp(_) | Self::CrownIbp(_) => 0.0,
        }
    }

    /// The first key with an invalid value, the value, and the expected range.
    pub(super) fn nonsense(&self) -> Option<(&'static str, f64, &'static str)> {
        if !(self.epsilon() > 0.0 && self.epsilon() <= 1.0) {
            return Some(("epsilon", self.epsilon(), "a positive number of at most 1"));
        }
        if let Self::Ibp(intervals) = self {
            return intervals.nonsense();
        }
        if let Self::CrownIbp(bounds) = self {
            return bounds.nonsense();
        }
        if !(1..=MOST_STEPS).contains(&self.steps()) {
            return Some(("steps", f64::from(self.steps()), "a number from 1 to 10000"));
        }
        if !(self.step() > 0.0 && self.step() <= 1000.0) {
            return Some(("step", self.step(), "a positive number of at most 1000"));
        }
        match *self {
            Self::Trades { beta, .. } if !(beta.is_finite() && beta >= 0.0) => {
                Some(("beta", beta, "0 or a positive number"))
            }
            _ => None,
        }
    }
}
