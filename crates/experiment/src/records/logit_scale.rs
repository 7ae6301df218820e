//! `studies/logit-scale/logit_scale.csv`: a quantity of a model before and after its logits are scaled a row.

use serde::{Deserialize, Serialize};

use super::Record;

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
    pub dataset: String,
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

impl Record for LogitScaleRow {
    const HEADER: &'static [&'static str] = &[
        "dataset",
        "optimizer",
        "seed",
        "factor",
        "quantity",
        "rho",
        "mean_before",
        "median_before",
        "mean_after",
        "median_after",
    ];
}
