//! `pace.csv` and `time_to_accuracy.csv`: how fast optimizers learn, in steps and in seconds on this device.

use serde::{Deserialize, Serialize};

use crate::Record;

/// The test accuracy at one step of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PaceRow {
    /// The optimizer.
    pub optimizer: String,
    /// Steps taken.
    pub step: u64,
    /// The time of these steps in seconds, without the time of testing.
    pub seconds: f64,
    /// Accuracy on the test set.
    pub test_accuracy: f64,
}

impl Record for PaceRow {}

/// When an optimizer reached an accuracy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimeToAccuracyRow {
    /// The optimizer.
    pub optimizer: String,
    /// The accuracy on the test set.
    pub target: f64,
    /// The first step after which the accuracy was measured; `None` if it was never reached.
    pub steps: Option<u64>,
    /// Seconds up to this step.
    pub seconds: Option<f64>,
    /// Milliseconds per step, up to the last test.
    pub step_ms: f64,
    /// The best accuracy measured.
    pub best_accuracy: f64,
}

impl Record for TimeToAccuracyRow {}
