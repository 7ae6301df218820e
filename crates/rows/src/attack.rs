//! `attack.csv`: the result of an attack on a checkpoint, one row per radius.

use crate::Record;
use serde::{Deserialize, Serialize};

/// An attack at one radius.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttackRow {
    /// The attack.
    pub attack: String,
    /// The norm: `linf` or `l2`.
    pub norm: String,
    /// The checkpoint that classifies the adversarial images in a transfer attack; empty otherwise.
    pub target: String,
    /// The radius.
    pub epsilon: f64,
    /// Images attacked.
    pub images: u64,
    /// Images classified correctly before the attack, by the target if there is one.
    pub correct: u64,
    /// Images that the attacked checkpoint and the target classify correctly before the attack. Without a target it equals
    /// `correct`.
    pub both_correct: u64,
    /// Images among `both_correct` that are misclassified after the attack, by the target if there is one.
    pub successes: u64,
    /// The robust accuracy, 0 to 1: the share of images classified correctly before and after the attack. Empty for a transfer
    /// attack, which counts successes only among `both_correct`.
    pub robust_accuracy: Option<f64>,
}

impl Record for AttackRow {}
