//! `studies/poison/poison.csv`: one row per model trained on poisoned labels and radius.

use serde::{Deserialize, Serialize};

use crate::{Compared, Noise, Record};

/// Measurements of a model trained on partly wrong labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoisonRow {
    /// How labels are changed: `uniform`, or `7 to 1`.
    pub flips: String,
    /// The share of wrong labels; among the sevens if `flips` is `7 to 1`.
    pub rate: f64,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// The last epoch's mean training loss.
    pub train_loss: f64,
    /// Accuracy on the test set.
    pub test_accuracy: f64,
    /// The share of the test set's sevens that are classified as ones.
    pub sevens_as_ones: f64,
    /// Training images whose label is wrong.
    pub wrong_labels: u32,
    /// Training images with a wrong label for which the model predicts the wrong label.
    pub memorised: u32,
    /// Training images with a wrong label for which the model predicts the true label.
    pub recovered: u32,
    /// FGSM's radius.
    pub epsilon: f64,
    /// Test images classified correctly before the attack.
    pub correct: u32,
    /// Images among `correct` that are misclassified after FGSM.
    pub successes: u32,
}

impl Record for PoisonRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.optimizer]
    }
}

/// The number of sevens in MNIST's test set.
const SEVENS: f64 = 1028.0;

impl Compared for PoisonRow {
    const FILES: &'static [&'static str] = &["studies/poison/poison.csv"];
    const KEYS: &'static [&'static str] = &["flips", "rate", "optimizer", "epsilon"];
    const METRICS: &'static [(&'static str, Noise)] = &[
        ("train_loss", Noise::LOSS),
        ("test_accuracy", Noise::ShareOfTest),
        ("sevens_as_ones", Noise::ShareOf(SEVENS)),
        ("memorised", Noise::CountAmong("wrong_labels")),
        ("recovered", Noise::CountAmong("wrong_labels")),
        ("successes", Noise::CountAmong("correct")),
    ];
}
