//! The objective of training on linear bounds whose ranges are intervals.

use super::interval_bounds::mixed;
use crate::error::RunError;
use minima_autodiff::{Batch, Graph, Scalar, StepReport};
use minima_config::training_options::{CrownIbpStep, CrownIbpTraining};
use minima_optim::OptimError;
use minima_verify::{CrownIbpNetwork, IntervalNetwork};

/// The objective `κ ℓ(z) + (1 − κ) ℓ(z̲)` with the logits z of images and the worst-case logits z̲ in the boxes around them, of which β
/// is the share of lines.
#[derive(Clone, Debug)]
pub(super) struct CrownIbpBounds {
    lines: CrownIbpNetwork,
    /// For steps without lines.
    intervals: IntervalNetwork,
    options: CrownIbpTraining,
    /// The number of steps of the run.
    steps: u64,
}

impl CrownIbpBounds {
    /// The objective for a network in a run of this many steps.
    ///
    /// # Errors
    /// Returns [`RunError::IntervalNetwork`] if an operation of the network has no interval rule.
    pub(super) fn new(graph: &Graph, options: CrownIbpTraining, steps: u64) -> Result<Self, RunError> {
        let (lines, intervals) = (CrownIbpNetwork::new(graph)?, IntervalNetwork::new(graph)?);
        Ok(Self { lines, intervals, options, steps })
    }

    /// The objective and its gradient in a step after this many steps. The report counts the images, without their boxes,
    /// that are classified correctly.
    pub(super) fn gradient<T: Scalar>(
        &self,
        graph: &Graph,
        params: &Vec<T>,
        batch: &Batch<'_, T>,
        step: u64,
    ) -> Result<(StepReport, Vec<T>), OptimError> {
        let CrownIbpStep { interval, beta } = self.options.at(step, self.steps);
        mixed(graph, params, batch, interval.kappa, || {
            if beta == 0.0 {
                return self.intervals.gradient(params, batch, interval.epsilon);
            }
            self.lines.gradient(params, batch, interval.epsilon, beta)
        })
    }
}
