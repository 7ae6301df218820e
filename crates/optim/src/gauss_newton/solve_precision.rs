//! In which precision a step's system is solved.

use serde::{Deserialize, Serialize};

/// The precision in which a step's system of equations is factored and solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SolvePrecision {
    /// That of the network.
    Network,
    /// `f64`, whatever the network's.
    Double,
}
