//! `studies/seeds/late.csv`: one row per attack on a model of the last epochs.

use serde::{Deserialize, Serialize};

use crate::{Compared, Noise, Record};

/// The robustness of the model after one of the last epochs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LateAttackRow {
    /// The training labels: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// The epoch, from 1.
    pub epoch: u32,
    /// The attack: `fgsm` or `autoattack`.
    pub attack: String,
    /// Its radius, L∞.
    pub epsilon: f64,
    /// Test images attacked, the first ones.
    pub images: u32,
    /// Images classified correctly before the attack.
    pub correct: u32,
    /// Images classified correctly before and after the attack.
    pub robust: u32,
}

impl Record for LateAttackRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.optimizer]
    }
}

impl Compared for LateAttackRow {
    const FILES: &'static [&'static str] = &["studies/seeds/late.csv"];
    const KEYS: &'static [&'static str] = &["labels", "optimizer", "epoch", "attack", "epsilon", "images"];
    const METRICS: &'static [(&'static str, Noise)] =
        &[("correct", Noise::CountAmong("images")), ("robust", Noise::CountAmong("images"))];
}
