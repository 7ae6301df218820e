//! `attack.csv`: what an attack on a checkpoint found, a radius a row.

use super::Record;
use serde::{Deserialize, Serialize};

/// An attack at one radius.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttackRow {
    /// The attack.
    pub attack: String,
    /// The norm: `linf` or `l2`.
    pub norm: String,
    /// The checkpoint that was shown the images, where they were made on another; else empty.
    pub target: String,
    /// The radius.
    pub epsilon: f64,
    /// Images.
    pub images: u64,
    /// Those classified correctly as they are.
    pub correct: u64,
    /// Those of them classified wrongly after the attack.
    pub successes: u64,
    /// The others among all images, 0 to 1.
    pub robust_accuracy: f64,
}

impl Record for AttackRow {
    const HEADER: &'static [&'static str] =
        &["attack", "norm", "target", "epsilon", "images", "correct", "successes", "robust_accuracy"];
}
