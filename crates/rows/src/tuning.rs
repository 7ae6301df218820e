//! `tuning.csv`: a point of a grid a row.

use serde::{Deserialize, Serialize};

use crate::Record;

/// What an optimizer reached at one point of its grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TuningRow {
    /// The optimizer.
    pub optimizer: String,
    /// η.
    pub learning_rate: f64,
    /// λ, where it has one.
    pub damping: Option<f64>,
    /// SAM's ρ.
    pub rho: Option<f64>,
    /// The seed of the run.
    pub seed: u64,
    /// Epochs that it trained.
    pub epochs: u32,
    /// The last epoch's training loss; none where the run failed.
    pub train_loss: Option<f64>,
    /// Mean loss on the images held out.
    pub held_out_loss: Option<f64>,
    /// Accuracy on the images held out.
    pub held_out_accuracy: Option<f64>,
    /// Whether it is the optimizer's best point.
    pub chosen: bool,
    /// Why the run failed, where it did.
    pub failure: String,
}

impl Record for TuningRow {}
