//! `studies/seeds/late.csv`: an attack on a model of the last epochs a row.

use serde::{Deserialize, Serialize};

use crate::Record;

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

impl Record for LateAttackRow {
    const HEADER: &'static [&'static str] =
        &["labels", "optimizer", "seed", "epoch", "attack", "epsilon", "images", "correct", "robust"];
}
