//! One step of training on the CPU, with the options of the preset's table `training`.

use super::adversarial::AdversarialImages;
use super::crown_ibp_bounds::CrownIbpBounds;
use super::interval_bounds::IntervalBounds;
use crate::error::RunError;
use minima_autodiff::loss::SoftmaxCrossEntropy;
use minima_autodiff::{Engine, Graph, Scalar, StepReport};
use minima_config::preset::{Preset, PresetError};
use minima_config::training_options::AdversarialTraining;
use minima_config::{OptimizerSpec, Run, TrainingOptions};
use minima_optim::{Batch, GradientOptimizer, OptimError, Optimizer, OptimizerState, clip_to_norm, trades_gradient};
use ndarray::{Array2, ArrayView2};

/// The images of a step, with their labels.
pub(super) struct StepImages<'b, T> {
    pub images: ArrayView2<'b, T>,
    pub labels: &'b [usize],
    /// The epoch, from 1.
    pub epoch: u32,
    /// The images' places in the training set.
    pub indices: &'b [u32],
    /// The number of steps of the run before this one.
    pub taken: u64,
}

/// An optimizer that takes batches, or gradients of any objective.
enum Method<T: Scalar> {
    Batches(Box<dyn Optimizer<T>>),
    Gradients(Box<dyn GradientOptimizer<T>>),
}

/// How a step sees the surroundings of images.
enum Surroundings {
    /// Not at all.
    Ignored,
    /// By adversarial images.
    Searched(AdversarialImages),
    /// By interval bounds.
    Bounded(Box<IntervalBounds>),
    /// By linear bounds.
    Lined(Box<CrownIbpBounds>),
}

/// An optimizer, and the objective that it minimizes.
pub(super) struct Stepper<T: Scalar> {
    method: Method<T>,
    loss: SoftmaxCrossEntropy,
    /// The largest norm of a gradient; 0 for no limit.
    gradient_clip: f64,
    surroundings: Surroundings,
}

impl<T: Scalar> Stepper<T> {
    /// The optimizer of a run of this many steps, in its initial state.
    ///
    /// # Errors
    /// Returns [`RunError::Preset`] if the preset has no such optimizer or an option needs an optimizer of first order,
    /// [`RunError::Autodiff`] or [`RunError::Attack`] if an option is out of its range, and
    /// [`RunError::IntervalNetwork`] if the network has no interval bounds and the preset asks for them.
    pub(super) fn new(preset: &Preset, run: &Run, graph: &Graph, steps: u64) -> Result<Self, RunError> {
        let (options, spec) = (&preset.training, preset.optimizer(&run.optimizer)?);
        let surroundings = match options.adversarial {
            None => Surroundings::Ignored,
            Some(AdversarialTraining::Ibp(options)) => {
                Surroundings::Bounded(Box::new(IntervalBounds::new(graph, options, steps)?))
            }
            Some(AdversarialTraining::CrownIbp(options)) => {
                Surroundings::Lined(Box::new(CrownIbpBounds::new(graph, options, steps)?))
            }
            Some(options) => Surroundings::Searched(AdversarialImages::new(options, run.seed)?),
        };
        let own_gradient = match &surroundings {
            Surroundings::Ignored => false,
            Surroundings::Searched(images) => images.beta().is_some(),
            Surroundings::Bounded(_) | Surroundings::Lined(_) => true,
        };
        let method = match options.gradient_clip > 0.0 || own_gradient {
            true => Method::Gradients(first_order(spec, options, &run.optimizer)?),
            false => Method::Batches(spec.build(run.seed)),
        };
        let loss = SoftmaxCrossEntropy::default().with_label_smoothing(options.label_smoothing)?;
        Ok(Self { method, loss, gradient_clip: options.gradient_clip, surroundings })
    }

    /// Takes one step with this factor of the learning rate. Reports the loss that is minimized, before the step.
    pub(super) fn step(
        &mut self,
        graph: &Graph,
        params: &mut Vec<T>,
        step: &StepImages<'_, T>,
        learning_rate_factor: f64,
    ) -> Result<StepReport, OptimError> {
        self.optimizer_mut().set_learning_rate_factor(learning_rate_factor);
        let StepImages { images, labels, epoch, indices, taken } = *step;
        let surroundings = &self.surroundings;
        let (near, beta): (Option<Array2<T>>, _) = match surroundings {
            Surroundings::Searched(adversarial) => {
                let near = adversarial.make(graph, params, images, labels, epoch, indices)?;
                (Some(near), adversarial.beta())
            }
            Surroundings::Ignored | Surroundings::Bounded(_) | Surroundings::Lined(_) => (None, None),
        };
        // TRADES keeps the original images beside the adversarial ones.
        let minimized = near.as_ref().filter(|_| beta.is_none()).map_or(images, |near| near.view());
        let batch = Batch::with_loss(minimized, labels, &self.loss)?;
        let optimizer = match &mut self.method {
            Method::Batches(optimizer) => return optimizer.step(graph, params, &batch),
            Method::Gradients(optimizer) => optimizer,
        };
        let clip = self.gradient_clip;
        optimizer.step_with(graph, params, &|params| {
            let (report, mut gradient) = match (&near, beta, surroundings) {
                (_, _, Surroundings::Bounded(bounds)) => bounds.gradient(graph, params, &batch, taken)?,
                (_, _, Surroundings::Lined(bounds)) => bounds.gradient(graph, params, &batch, taken)?,
                (Some(near), Some(beta), _) => trades_gradient(graph, params, &batch, near.view(), beta)?,
                _ => graph.gradient(params, &batch)?,
            };
            if clip > 0.0 {
                clip_to_norm(&mut gradient, clip);
            }
            Ok((report, gradient))
        })
    }

    /// The state of the optimizer.
    pub(super) fn state(&self, graph: &Graph) -> Result<OptimizerState, OptimError> {
        match &self.method {
            Method::Batches(optimizer) => optimizer.state(graph),
            Method::Gradients(optimizer) => optimizer.state(graph),
        }
    }

    /// Resumes from a state of the optimizer.
    pub(super) fn restore(&mut self, graph: &Graph, state: &OptimizerState) -> Result<(), OptimError> {
        self.optimizer_mut().restore(graph, state)
    }

    fn optimizer_mut(&mut self) -> &mut dyn Optimizer<T> {
        match &mut self.method {
            Method::Batches(optimizer) => optimizer.as_mut(),
            Method::Gradients(optimizer) => optimizer.as_mut(),
        }
    }
}

/// The optimizer as one that takes gradients. A preset whose options were checked has no other optimizer.
fn first_order<T: Scalar>(
    spec: &OptimizerSpec,
    options: &TrainingOptions,
    name: &str,
) -> Result<Box<dyn GradientOptimizer<T>>, RunError> {
    let wrong = || PresetError::Value {
        key: if options.gradient_clip > 0.0 { "training.gradient_clip" } else { "training.adversarial" }.to_owned(),
        found: format!("set for the optimizer {name}"),
        expected: "an option for optimizers of first order alone: sgd, adam, sam and muon",
    };
    Ok(spec.build_first_order().ok_or_else(wrong)?)
}
