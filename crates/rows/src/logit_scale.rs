//! `studies/logit-scale/logit_scale.csv`: a quantity of a model before and after its logits are scaled a row; `decisions.csv`: what
//! scaling should leave as it is.

use serde::{Deserialize, Serialize};

use crate::{Compared, Noise, Record};

/// What depends on the scale of the logits.
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
    /// The training set: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// What its logits are multiplied by.
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

impl Record for LogitScaleRow {}

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

/// What scaling a model's logits leaves as it is, or should: its classes, and what FGSM does to them, at one step size a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogitDecisionRow {
    /// The training set: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// What its logits are multiplied by.
    pub factor: f64,
    /// Test images.
    pub images: u32,
    /// Images that have another class with scaled logits: those whose two largest logits rounding makes equal.
    pub classes_changed: u32,
    /// Images whose input gradient is exactly zero, as trained: FGSM has no direction there.
    pub zero_gradients_before: u32,
    /// The same with scaled logits.
    pub zero_gradients_after: u32,
    /// FGSM's step.
    pub epsilon: f64,
    /// Its successes, as trained.
    pub successes_before: u32,
    /// Its successes with scaled logits.
    pub successes_after: u32,
    /// Images that it flips in one case and not in the other.
    pub flips_changed: u32,
}

impl Record for LogitDecisionRow {}
