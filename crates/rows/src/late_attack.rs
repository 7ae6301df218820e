//! `studies/seeds/late.csv`: an attack on a model of the last epochs a row.

use serde::{Deserialize, Serialize};

use crate::{Compared, Noise, Record};

/// What stands an attack after one of the last epochs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LateAttackRow {
    /// The training set: `clean` or `poisoned`.
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
    /// How many of them are classified correctly before.
    pub correct: u32,
    /// How many still are after.
    pub robust: u32,
}

impl Record for LateAttackRow {}

impl Compared for LateAttackRow {
    const FILES: &'static [&'static str] = &["studies/seeds/late.csv"];
    const KEYS: &'static [&'static str] = &["labels", "optimizer", "epoch", "attack", "epsilon", "images"];
    const METRICS: &'static [(&'static str, Noise)] =
        &[("correct", Noise::CountAmong("images")), ("robust", Noise::CountAmong("images"))];
}
