//! `attack.csv`: what an attack on a checkpoint found, a radius a row.

use crate::Record;
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
    /// Those classified correctly as they are, by the target where there is one.
    pub correct: u64,
    /// Images that the attacked checkpoint and the target classify correctly before the attack. Without a target it equals
    /// `correct`.
    pub both_correct: u64,
    /// Images among `both_correct` that are misclassified after the attack, by the target if there is one.
    pub successes: u64,
    /// The other correct ones among all images, 0 to 1. Empty where there is a target: of its images that the attacked
    /// checkpoint misclassifies nothing is known.
    pub robust_accuracy: Option<f64>,
}

impl Record for AttackRow {}
