//! What a worker notes at the end of a job.

use minima_runs::Host;
use serde::Serialize;

/// What a worker notes at the end of a job.
#[derive(Clone, Debug, Serialize)]
pub struct JobNote {
    /// The time of the process that ended it, in seconds.
    pub seconds: f64,
    /// The device that trained the model.
    pub device: String,
    /// The host.
    pub host: Host,
    /// The number of compute threads.
    pub threads: usize,
}
