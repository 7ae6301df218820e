//! `training.csv`: one row per epoch of a run.

use serde::{Deserialize, Serialize};

use crate::{Compared, Noise, Record};

/// Losses and accuracies of one epoch of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainingRow {
    /// The training labels: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// The epoch, from 1.
    pub epoch: u32,
    /// Mean over the epoch's batches of the loss, each measured before its step.
    pub train_loss: f64,
    /// Mean over the epoch's batches of the accuracy, each measured before its step.
    pub train_accuracy: f64,
    /// Mean loss on the test set after the epoch.
    pub test_loss: f64,
    /// Accuracy on the test set after the epoch.
    pub test_accuracy: f64,
    /// Mean loss on the held-out training images after the epoch; `None` if none were held out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_loss: Option<f64>,
    /// Accuracy on the held-out training images after the epoch; `None` if none were held out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_accuracy: Option<f64>,
}

impl Record for TrainingRow {
    const OPTIONAL: &'static [&'static str] = &["validation_loss", "validation_accuracy"];

    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.optimizer]
    }

    fn optional_values(&self) -> usize {
        [self.validation_loss, self.validation_accuracy].iter().flatten().count()
    }
}

impl Compared for TrainingRow {
    const FILES: &'static [&'static str] = &["training.csv", "studies/seeds/training.csv"];
    const KEYS: &'static [&'static str] = &["labels", "optimizer"];
    const LAST: Option<&'static str> = Some("epoch");
    const METRICS: &'static [(&'static str, Noise)] = &[
        ("epoch", Noise::Exact),
        ("train_loss", Noise::LOSS),
        ("train_accuracy", Noise::ACCURACY),
        ("test_loss", Noise::LOSS),
        ("test_accuracy", Noise::ShareOfTest),
        ("validation_loss", Noise::LOSS),
        ("validation_accuracy", Noise::ACCURACY),
    ];
}
