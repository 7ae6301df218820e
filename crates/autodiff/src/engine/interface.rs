//! What optimizers ask of a network, wherever it is computed.

use super::update_rule::{RuleMemory, UpdateRule};
use crate::{AutodiffError, Scalar};
use std::fmt::Debug;

/// What a step measured before its update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// The batch's mean loss.
    pub loss: f64,
    /// How many of the batch's images were classified correctly.
    pub correct: usize,
}

/// A device that trains one network, in precision `T`.
pub trait Engine<T: Scalar> {
    /// One number for each parameter.
    type Vector: Send;
    /// The state of an update rule between steps.
    type State: Default + Debug + Send;
    /// The images and labels of a step.
    type Batch<'b>;
    /// What a step measured: a [`StepReport`], or a placeholder until a device is asked.
    type Report;

    /// The gradient of the batch's mean loss, and a report of the batch.
    ///
    /// # Errors
    /// Returns an [`AutodiffError`] if the batch or the parameters do not fit the network, or the device fails.
    fn gradient(
        &self,
        params: &Self::Vector,
        batch: &Self::Batch<'_>,
    ) -> Result<(Self::Report, Self::Vector), AutodiffError>;

    /// Applies one step of an update rule, with the given gradient.
    ///
    /// # Errors
    /// Returns an [`AutodiffError`] if a vector does not have one number for each parameter, or the device fails.
    fn update(
        &self,
        rule: &dyn UpdateRule<T>,
        params: &mut Self::Vector,
        gradient: &Self::Vector,
        state: &mut Self::State,
    ) -> Result<(), AutodiffError>;

    /// `θ ← θ − rate · direction`.
    ///
    /// # Errors
    /// Returns the errors of [`update`](Self::update).
    fn descend(&self, params: &mut Self::Vector, rate: f64, direction: &Self::Vector) -> Result<(), AutodiffError>;

    /// The state of an update rule, as numbers that can be saved.
    ///
    /// # Errors
    /// Returns an [`AutodiffError`] if the device fails.
    fn rule_memory(&self, state: &Self::State) -> Result<RuleMemory, AutodiffError>;

    /// The state with which an update rule resumes exactly.
    ///
    /// # Errors
    /// Returns an [`AutodiffError`] if a vector does not have one number for each parameter, or the device fails.
    fn rule_state(&self, memory: &RuleMemory) -> Result<Self::State, AutodiffError>;
}
