//! The precision in which a step's system is solved.

use serde::{Deserialize, Serialize};

/// The precision in which a step's system of equations is factored and solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SolvePrecision {
    /// The precision of the network.
    Network,
    /// `f64`, for networks of any precision.
    Double,
}
