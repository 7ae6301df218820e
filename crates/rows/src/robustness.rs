//! `tables/robustness.csv` and `robustness_curves.csv`: one row per attack at one radius; `tables/transfer.csv`;
//! `tables/masking.csv`.

use serde::{Deserialize, Serialize};

use crate::{Compared, Noise, Record};

/// How many images are robust to an attack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RobustnessRow {
    /// The training labels: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// The attack.
    pub attack: String,
    /// The norm of its ball.
    pub norm: String,
    /// The ball's radius.
    pub epsilon: f64,
    /// Test images attacked, the first ones.
    pub images: u32,
    /// Images classified correctly before the attack.
    pub correct: u32,
    /// Images among `correct` that are misclassified after the attack.
    pub successes: u32,
    /// Images classified correctly before and after the attack.
    pub robust: u32,
}

impl RobustnessRow {
    /// The share of robust images among all images, 0 to 1.
    #[must_use]
    pub fn robust_accuracy(&self) -> f64 {
        f64::from(self.robust) / f64::from(self.images.max(1))
    }
}

impl Record for RobustnessRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.optimizer]
    }
}

impl Compared for RobustnessRow {
    const FILES: &'static [&'static str] = &["tables/robustness.csv", "tables/robustness_curves.csv"];
    const KEYS: &'static [&'static str] = &["labels", "optimizer", "attack", "norm", "epsilon", "images"];
    const METRICS: &'static [(&'static str, Noise)] =
        &[("correct", Noise::CountAmong("images")), ("robust", Noise::CountAmong("images"))];
}

/// One model's predictions for the adversarial images of another model, after all steps of the attack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransferRow {
    /// The run whose model was attacked.
    pub source: String,
    /// The run whose model classifies the adversarial images.
    pub target: String,
    /// The attack.
    pub attack: String,
    /// Its radius.
    pub epsilon: f64,
    /// Images that the target classifies correctly before the attack.
    pub correct: u32,
    /// Images that both models classify correctly before the attack. The success rate is a share of these.
    pub both_correct: u32,
    /// Images among `both_correct` whose adversarial version the target misclassifies.
    pub successes: u32,
}

impl TransferRow {
    /// Successes among the images that both models classify correctly, 0 to 1; `None` if there are none.
    #[must_use]
    pub fn success_rate(&self) -> Option<f64> {
        (self.both_correct > 0).then(|| f64::from(self.successes) / f64::from(self.both_correct))
    }
}

impl Record for TransferRow {}

impl Compared for TransferRow {
    const FILES: &'static [&'static str] = &["tables/transfer.csv"];
    const KEYS: &'static [&'static str] = &["source", "target", "attack", "epsilon"];
    const METRICS: &'static [(&'static str, Noise)] = &[
        ("correct", Noise::CountAmongTest),
        ("both_correct", Noise::CountAmong("correct")),
        ("successes", Noise::CountAmong("both_correct")),
    ];
}

/// The result of one check for masked gradients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MaskingRow {
    /// The training labels: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// The check.
    pub check: String,
    /// The check's verdict.
    pub verdict: String,
    /// The numbers that decide the verdict.
    pub evidence: String,
}

impl Record for MaskingRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.optimizer]
    }
}
