//! `tuning.csv`: one row per grid point.

use serde::{Deserialize, Serialize};

use crate::Record;

/// What an optimizer reached at one point of its grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TuningRow {
    /// The optimizer.
    pub optimizer: String,
    /// η.
    pub learning_rate: f64,
    /// λ, if the optimizer has one.
    pub damping: Option<f64>,
    /// ρ, for SAM.
    pub rho: Option<f64>,
    /// The seed of the run.
    pub seed: u64,
    /// Epochs trained.
    pub epochs: u32,
    /// The last epoch's training loss; `None` if the run failed.
    pub train_loss: Option<f64>,
    /// Mean loss on the held-out images.
    pub held_out_loss: Option<f64>,
    /// Accuracy on the held-out images.
    pub held_out_accuracy: Option<f64>,
    /// Whether this is the optimizer's best point.
    pub chosen: bool,
    /// Why the run failed; empty if it did not.
    pub failure: String,
}

impl Record for TuningRow {}
