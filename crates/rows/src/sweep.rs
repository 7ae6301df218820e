//! `sweep.csv` and `sweep_attacks.csv`: the runs of a sweep over a grid.

use serde::{Deserialize, Serialize};

use crate::Record;

/// A trained run of a sweep over a grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepRow {
    /// The number of the job.
    pub job: u64,
    /// The run's place in the grid: the keys and values that apply to it.
    pub point: String,
    /// The training labels: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// The number of epochs.
    pub epochs: u32,
    /// The training loss of the last epoch.
    pub train_loss: f64,
    /// The training accuracy of the last epoch.
    pub train_accuracy: f64,
    /// The mean loss on the test set at the end.
    pub test_loss: f64,
    /// The accuracy on the test set at the end.
    pub test_accuracy: f64,
}

impl Record for SweepRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.optimizer]
    }
}

/// An attack on the model at the end of a run of a sweep over a grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepAttackRow {
    /// The number of the job.
    pub job: u64,
    /// The run's place in the grid: the keys and values that apply to it.
    pub point: String,
    /// The training labels: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
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

impl Record for SweepAttackRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.optimizer]
    }
}
