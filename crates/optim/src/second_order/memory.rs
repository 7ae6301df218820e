//! The state of a second-order optimizer between steps, with the log of its last step.

use super::solver::CgLog;
use crate::{OptimError, OptimizerState};
use minima_autodiff::Scalar;
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

/// The state between steps.
#[derive(Clone, Debug)]
pub(super) struct Memory<T> {
    /// The damping λ of the next step.
    pub damping: f64,
    pub steps: u32,
    pub failed_searches: u32,
    pub rejected_steps: u32,
    /// The momentum v, empty at first.
    pub velocity: Vec<T>,
    /// The last direction d, if the solver may start from it.
    pub direction: Vec<T>,
    pub log: Option<StepLog>,
}

impl<T: Scalar> Memory<T> {
    pub(super) fn at_the_start(damping: f64) -> Self {
        let (velocity, direction) = (Vec::new(), Vec::new());
        Self { damping, steps: 0, failed_searches: 0, rejected_steps: 0, velocity, direction, log: None }
    }

    /// Returns everything on which later steps depend. The log of the last step is not included.
    pub(super) fn state(&self) -> OptimizerState {
        let mut state = OptimizerState::default();
        state.put_number("damping", self.damping);
        state.put_number("steps", f64::from(self.steps));
        state.put_number("failed_searches", f64::from(self.failed_searches));
        state.put_number("rejected_steps", f64::from(self.rejected_steps));
        state.put_vector("velocity", &self.velocity);
        state.put_vector("direction", &self.direction);
        state
    }

    /// Restores the memory, for a network with this many parameters.
    pub(super) fn of(state: &OptimizerState, parameters: usize) -> Result<Self, OptimError> {
        Ok(Self {
            damping: state.number("damping")?,
            steps: state.count("steps")?,
            failed_searches: state.count("failed_searches")?,
            rejected_steps: state.count("rejected_steps")?,
            velocity: state.vector("velocity", parameters)?,
            direction: state.vector("direction", parameters)?,
            log: None,
        })
    }
}
