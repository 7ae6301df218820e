//! The objective of training on interval bounds.

use crate::error::RunError;
use minima_autodiff::{AutodiffError, Batch, Engine, Graph, Scalar, StepReport};
use minima_config::training_options::{IntervalStep, IntervalTraining};
use minima_optim::OptimError;
use minima_verify::IntervalNetwork;

/// The objective `κ ℓ(z) + (1 − κ) ℓ(z̲)` with the logits z of images and the worst-case logits z̲ in the boxes around them.
#[derive(Clone, Debug)]
pub(super) struct IntervalBounds {
    network: IntervalNetwork,
    options: IntervalTraining,
    /// The number of steps of the run.
    steps: u64,
}

impl IntervalBounds {
    /// The objective for a network in a run of this many steps.
    ///
    /// # Errors
    /// Returns [`RunError::IntervalNetwork`] if an operation of the network has no interval rule.
    pub(super) fn new(graph: &Graph, options: IntervalTraining, steps: u64) -> Result<Self, RunError> {
        Ok(Self { network: IntervalNetwork::new(graph)?, options, steps })
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
        let IntervalStep { epsilon, kappa } = self.options.at(step, self.steps);
        mixed(graph, params, batch, kappa, || self.network.gradient(params, batch, epsilon))
    }
}

/// The objective `κ ℓ(z) + (1 − κ) ℓ(z̲)` and its gradient, from the second term's loss and gradient.
pub(super) fn mixed<T: Scalar>(
    graph: &Graph,
    params: &Vec<T>,
    batch: &Batch<'_, T>,
    kappa: f64,
    worst: impl FnOnce() -> Result<(StepReport, Vec<T>), AutodiffError>,
) -> Result<(StepReport, Vec<T>), OptimError> {
    let (report, mut gradient) = graph.gradient(params, batch)?;
    if kappa == 1.0 {
        return Ok((report, gradient));
    }
    let (worst, of_worst) = worst()?;
    let (clean, share) = (T::from_f64(kappa), T::from_f64(1.0 - kappa));
    gradient.iter_mut().zip(&of_worst).for_each(|(g, &worst)| *g = clean * *g + share * worst);
    Ok((StepReport { loss: kappa * report.loss + (1.0 - kappa) * worst.loss, ..report }, gradient))
}
