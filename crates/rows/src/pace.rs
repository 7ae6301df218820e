//! `pace.csv` and `time_to_accuracy.csv`: how fast optimizers learn, in steps and in seconds of this machine.

use serde::{Deserialize, Serialize};

use crate::Record;

/// The test accuracy at one step of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PaceRow {
    /// The optimizer.
    pub optimizer: String,
    /// Steps taken.
    pub step: u64,
    /// Seconds that they took, without those of the tests between.
    pub seconds: f64,
    /// Accuracy on the test set.
    pub test_accuracy: f64,
}

impl Record for PaceRow {}

/// When an optimizer came to an accuracy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimeToAccuracyRow {
    /// The optimizer.
    pub optimizer: String,
    /// The accuracy on the test set.
    pub target: f64,
    /// The first step after which it was seen; none where it never was.
    pub steps: Option<u64>,
    /// Seconds up to then.
    pub seconds: Option<f64>,
    /// Milliseconds a step, up to the last test.
    pub step_ms: f64,
    /// The best accuracy seen.
    pub best_accuracy: f64,
}

impl Record for TimeToAccuracyRow {}
