//! `studies/damping/damping.csv`: one row per learning rate, damping and radius.

use serde::{Deserialize, Serialize};

use crate::{Compared, Noise, Record};

/// Measurements of a model at the end of training with one learning rate and one damping.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DampingRow {
    /// The optimizer.
    pub optimizer: String,
    /// η.
    pub learning_rate: f64,
    /// λ.
    pub damping: f64,
    /// The run's seed.
    pub seed: u64,
    /// Epochs trained.
    pub epochs: u32,
    /// The last epoch's mean training loss; `None` if the run failed.
    pub train_loss: Option<f64>,
    /// Accuracy on the test set.
    pub test_accuracy: Option<f64>,
    /// FGSM's radius.
    pub epsilon: f64,
    /// Test images classified correctly before the attack.
    pub correct: Option<u32>,
    /// Images among `correct` that are misclassified after FGSM.
    pub successes: Option<u32>,
    /// Why the run failed; empty if it did not.
    pub failure: String,
}

impl Record for DampingRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.optimizer]
    }
}

impl Compared for DampingRow {
    const FILES: &'static [&'static str] = &["studies/damping/damping.csv"];
    const KEYS: &'static [&'static str] = &["optimizer", "learning_rate", "damping", "epochs", "epsilon"];
    const METRICS: &'static [(&'static str, Noise)] = &[
        ("train_loss", Noise::LOSS),
        ("test_accuracy", Noise::ShareOfTest),
        ("successes", Noise::CountAmong("correct")),
        ("failure", Noise::Exact),
    ];
}
