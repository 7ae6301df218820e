//! `studies/logit-scale/logit_scale.csv`: one row per quantity of a model, before and after its logits are scaled;
//! `decisions.csv`: the decisions that scaling should not change.

use serde::{Deserialize, Serialize};

use crate::{Compared, Noise, Record};

/// A quantity that depends on the scale of the logits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaledQuantity {
    /// Figure 2: the norm of the loss's gradient with respect to the image.
    InputGradientNorm,
    /// Figure 3: the logit margin.
    LogitMargin,
    /// Table 3: the loss increase under a weight perturbation, scope `batch`.
    LossIncrease,
    /// The loss itself.
    TestLoss,
}

/// One quantity of one model, as trained and with its logits scaled to the common mean margin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogitScaleRow {
    /// The training labels: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// The factor by which its logits are multiplied.
    pub factor: f64,
    /// What is measured.
    pub quantity: ScaledQuantity,
    /// The perturbation's norm, for loss increases.
    pub rho: Option<f64>,
    /// Mean over the test images, as trained.
    pub mean_before: f64,
    /// Median, as trained.
    pub median_before: f64,
    /// Mean with scaled logits.
    pub mean_after: f64,
    /// Median with scaled logits.
    pub median_after: f64,
}

impl Record for LogitScaleRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.optimizer]
    }
}

impl Compared for LogitScaleRow {
    const FILES: &'static [&'static str] = &["studies/logit-scale/logit_scale.csv"];
    const KEYS: &'static [&'static str] = &["labels", "optimizer", "quantity", "rho"];
    const METRICS: &'static [(&'static str, Noise)] = &[
        ("factor", Noise::QUANTILE),
        ("mean_before", Noise::QUANTILE),
        ("median_before", Noise::QUANTILE),
        ("mean_after", Noise::QUANTILE),
        ("median_after", Noise::QUANTILE),
    ];
}

/// What scaling a model's logits should not change: its predicted classes and the successes of FGSM, at one step size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogitDecisionRow {
    /// The training labels: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// The factor by which its logits are multiplied.
    pub factor: f64,
    /// Test images.
    pub images: u32,
    /// Images whose predicted class changes with scaled logits, because rounding makes their two largest logits equal.
    pub classes_changed: u32,
    /// Images whose input gradient is exactly zero, as trained. FGSM has no direction for them.
    pub zero_gradients_before: u32,
    /// Images whose input gradient is exactly zero with scaled logits.
    pub zero_gradients_after: u32,
    /// FGSM's step.
    pub epsilon: f64,
    /// FGSM's successes, as trained.
    pub successes_before: u32,
    /// FGSM's successes with scaled logits.
    pub successes_after: u32,
    /// Images on which FGSM succeeds in exactly one of the two cases.
    pub flips_changed: u32,
}

impl Record for LogitDecisionRow {}
