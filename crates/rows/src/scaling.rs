//! `scaling.csv`: one row per size of the network and of the batch.

use serde::{Deserialize, Serialize};

use crate::Record;

/// The time and memory of one Gauss-Newton step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScalingRow {
    /// Parameters of the network.
    pub parameters: usize,
    /// Images of the batch.
    pub batch: usize,
    /// The median time of a step, in milliseconds.
    pub median_ms: f64,
    /// The peak memory that a step adds to the process, in bytes, if the system reports it.
    pub memory_bytes: Option<u64>,
    /// The size of the dense Jacobian with respect to the parameters in `f32`, in bytes.
    pub dense_jacobian_bytes: f64,
    /// The size of the dense Gauss-Newton matrix in `f32`, in bytes.
    pub dense_ggn_bytes: f64,
}

impl ScalingRow {
    /// The row of one measurement.
    #[must_use]
    pub fn new(parameters: usize, batch: usize, classes: usize, median_ms: f64, memory_bytes: Option<u64>) -> Self {
        let numbers = parameters as f64;
        Self {
            parameters,
            batch,
            median_ms,
            memory_bytes,
            dense_jacobian_bytes: 4.0 * numbers * (batch * classes) as f64,
            dense_ggn_bytes: 4.0 * numbers * numbers,
        }
    }
}

impl Record for ScalingRow {}
