//! `tables/fgsm.csv`: one row per FGSM attack.

use serde::{Deserialize, Serialize};

use crate::{Compared, Noise, Record, rate};

/// How many correctly classified test images are misclassified after FGSM at one epsilon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FgsmRow {
    /// The training labels: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// Test images classified correctly before the attack.
    pub correct: u32,
    /// The attack's largest change of a pixel.
    pub epsilon: f64,
    /// Images among `correct` that are misclassified after the attack.
    pub successes: u32,
    /// `successes / correct`, or zero if `correct` is zero.
    pub success_rate: f64,
}

impl FgsmRow {
    /// The row of one attack. Computes its success rate.
    #[must_use]
    pub fn new(labels: &str, optimizer: &str, seed: u64, epsilon: f64, correct: u32, successes: u32) -> Self {
        Self {
            labels: labels.to_owned(),
            optimizer: optimizer.to_owned(),
            seed,
            correct,
            epsilon,
            successes,
            success_rate: rate(successes, correct),
        }
    }
}

impl Record for FgsmRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.optimizer]
    }
}

impl Compared for FgsmRow {
    const FILES: &'static [&'static str] = &["tables/fgsm.csv", "studies/seeds/tables/fgsm.csv"];
    const KEYS: &'static [&'static str] = &["labels", "optimizer", "epsilon"];
    const METRICS: &'static [(&'static str, Noise)] =
        &[("correct", Noise::CountAmongTest), ("successes", Noise::CountAmong("correct"))];
}
