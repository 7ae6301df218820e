//! A model in training on the CPU, step by step.

use crate::error::RunError;
use minima_autodiff::{Graph, Model, Scalar, StepReport};
use minima_config::preset::Preset;
use minima_config::{Run, network};
use minima_data::Dataset;
use minima_optim::{Batch, Optimizer, OptimizerState};
use std::sync::Arc;

/// A larger mean loss is an explosion: logits differ by a million, which leaves little precision in `f32`.
const MOST_LOSS: f64 = 1e6;

/// Whether this mean loss means that the weights have exploded.
pub(crate) fn is_explosion(loss: f64) -> bool {
    // NaN is an explosion too.
    loss.is_nan() || loss > MOST_LOSS
}

/// A network, its parameters and the optimizer that changes them.
pub struct Trainee<T: Scalar> {
    graph: Arc<Graph>,
    params: Vec<T>,
    optimizer: Box<dyn Optimizer<T>>,
    run: String,
}

impl<T: Scalar> Trainee<T> {
    /// A model with the initial weights of the run's seed.
    ///
    /// # Errors
    /// Returns [`RunError::Preset`] if the preset has no optimizer with the run's name, and [`RunError::Autodiff`] if the images
    /// are too small for the network.
    pub fn new(preset: &Preset, run: &Run, train: &Dataset) -> Result<Self, RunError> {
        let graph = network(preset.network, train)?;
        let params = graph.init(run.seed);
        let optimizer = preset.optimizer(&run.optimizer)?.build(run.seed);
        Ok(Self { graph, params, optimizer, run: run.name() })
    }

    /// Takes one step on these images of the training set. Errors name `epoch` and `step`.
    ///
    /// # Errors
    /// Returns [`RunError::Data`] if an index is out of range, [`RunError::Step`] if the step fails, and [`RunError::Diverged`]
    /// if the loss explodes.
    pub fn step(&mut self, train: &Dataset, indices: &[u32], epoch: u32, step: usize) -> Result<StepReport, RunError> {
        let (images, labels) = train.batch::<T>(indices)?;
        let report = Batch::new(images.view(), &labels)
            .map_err(minima_optim::OptimError::from)
            .and_then(|batch| self.optimizer.step(&self.graph, &mut self.params, &batch))
            .map_err(|source| RunError::Step { run: self.run.clone(), epoch, step, source: Box::new(source) })?;
        if !is_explosion(report.loss) {
            return Ok(report);
        }
        let (run, loss, batch) = (self.run.clone(), report.loss, indices.to_vec());
        Err(RunError::Diverged { run, epoch, step, loss, batch })
    }

    /// The weights and the state of the optimizer.
    ///
    /// # Errors
    /// Returns [`RunError::Optim`] if the state cannot be read, which does not happen on the CPU.
    pub fn memory(&self) -> Result<(Vec<f64>, OptimizerState), RunError> {
        let weights = self.params.iter().map(|p| p.as_f64()).collect();
        Ok((weights, self.optimizer.state(&self.graph)?))
    }

    /// Restores the weights and the state of the optimizer.
    ///
    /// # Errors
    /// Returns [`RunError::Autodiff`] if the weights do not fit the network, and [`RunError::Optim`] if the state does not fit
    /// the optimizer.
    pub fn remember(&mut self, weights: &[f64], optimizer: &OptimizerState) -> Result<(), RunError> {
        let params: Vec<T> = weights.iter().map(|&w| T::from_f64(w)).collect();
        // Checks that the weights fit the network.
        Model::new(Arc::clone(&self.graph), params.clone())?;
        self.optimizer.restore(&self.graph, optimizer)?;
        self.params = params;
        Ok(())
    }

    /// The model in the precision of checkpoints, for tests, attacks and checkpoints.
    ///
    /// # Errors
    /// Returns [`RunError::Autodiff`] if the parameters do not fit the network, which does not happen here.
    pub fn model(&self) -> Result<Model<f32>, RunError> {
        Ok(Model::new(Arc::clone(&self.graph), self.params.iter().map(|p| p.as_f64() as f32).collect())?)
    }
}
