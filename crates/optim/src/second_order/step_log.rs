//! The log of a second-order step.

use super::solver::CgLog;
use serde::{Deserialize, Serialize};

/// The log of a second-order step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepLog {
    /// The damping λ of the step.
    pub damping: f64,
    /// The length t of `θ ← θ − t v`; 0 if the step was not taken.
    pub rate: f64,
    /// The reduction ratio ρ, if damping adapts and the direction is not zero.
    pub reduction_ratio: Option<f64>,
    /// The log of conjugate gradients, if they are the solver.
    pub cg: Option<CgLog>,
}
