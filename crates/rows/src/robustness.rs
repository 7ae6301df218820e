//! `tables/robustness.csv` and `curves.csv`: an attack at one radius a row; `tables/transfer.csv`; `tables/masking.csv`.

use serde::{Deserialize, Serialize};

use crate::{Compared, Noise, Record};

/// How many images stand an attack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RobustnessRow {
    /// The training set: `clean` or `poisoned`.
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
    /// Test images, the first so many.
    pub images: u32,
    /// Those classified correctly before the attack.
    pub correct: u32,
    /// Of the correct ones, those with a wrong label after.
    pub successes: u32,
    /// The other correct ones.
    pub robust: u32,
}

impl RobustnessRow {
    /// The robust ones among all images, 0 to 1.
    #[must_use]
    pub fn robust_accuracy(&self) -> f64 {
        f64::from(self.robust) / f64::from(self.images.max(1))
    }
}

impl Record for RobustnessRow {}

impl Compared for RobustnessRow {
    const FILES: &'static [&'static str] = &["tables/robustness.csv", "tables/robustness_curves.csv"];
    const KEYS: &'static [&'static str] = &["labels", "optimizer", "attack", "norm", "epsilon", "images"];
    const METRICS: &'static [(&'static str, Noise)] =
        &[("correct", Noise::CountAmong("images")), ("robust", Noise::CountAmong("images"))];
}

/// What one model makes of the adversarial images of another, all steps of the attack taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransferRow {
    /// The run whose model was attacked.
    pub source: String,
    /// The run whose model was shown the images.
    pub target: String,
    /// The attack.
    pub attack: String,
    /// Its radius.
    pub epsilon: f64,
    /// Images that the target classifies correctly as they are.
    pub correct: u32,
    /// Images that the source and the target classify correctly before the attack. These count.
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

/// One check for masked gradients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MaskingRow {
    /// The training set.
    pub labels: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// What was checked.
    pub check: String,
    /// What came of it.
    pub verdict: String,
    /// The numbers behind it.
    pub evidence: String,
}

impl Record for MaskingRow {}
