//! `studies/poison/poison.csv`: a model trained on poisoned labels and a radius a row.

use serde::{Deserialize, Serialize};

use crate::{Compared, Noise, Record};

/// What became of a model whose labels were in part wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoisonRow {
    /// How labels are made wrong: `uniform`, or `7 to 1`.
    pub flips: String,
    /// The share of the labels (of sevens, where targeted) that are wrong.
    pub rate: f64,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// The last epoch's mean training loss.
    pub train_loss: f64,
    /// Accuracy on the test set.
    pub test_accuracy: f64,
    /// The share of the test set's sevens that are taken for ones.
    pub sevens_as_ones: f64,
    /// Training images whose label is wrong.
    pub wrong_labels: u32,
    /// Of those, the ones to which the model gives the wrong label: memorised.
    pub memorised: u32,
    /// Of those, the ones to which it gives the true label.
    pub recovered: u32,
    /// FGSM's radius.
    pub epsilon: f64,
    /// Test images classified correctly before the attack.
    pub correct: u32,
    /// Of the correct ones, those that FGSM flips.
    pub successes: u32,
}

impl Record for PoisonRow {}

/// The sevens of MNIST's test images.
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
