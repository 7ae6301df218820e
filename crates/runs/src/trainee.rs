//! A model in training on the processor, step by step.

use crate::error::RunError;
use minima_autodiff::{Graph, Model, Scalar, StepReport};
use minima_config::preset::Preset;
use minima_config::{Run, network};
use minima_data::Dataset;
use minima_optim::{Batch, Optimizer, OptimizerState};
use std::sync::Arc;

/// A mean loss beyond this is an explosion: logits are a million apart, and single precision has little left.
const MOST_LOSS: f64 = 1e6;

/// Whether a mean loss is that of weights that have exploded.
pub(crate) fn is_explosion(loss: f64) -> bool {
    // A NaN is one too.
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
    /// At the initial weights of the run's seed.
    ///
    /// # Errors
    /// When the preset has no optimizer of the run's name, or images are too small for the network.
    pub fn new(preset: &Preset, run: &Run, train: &Dataset) -> Result<Self, RunError> {
        let graph = network(preset.network, train)?;
        let params = graph.init(run.seed);
        let optimizer = preset.optimizer(&run.optimizer)?.build(run.seed);
        Ok(Self { graph, params, optimizer, run: run.name() })
    }

    /// One step on these images of the training set; epoch and step are for what an error says.
    ///
    /// # Errors
    /// When the step fails or the loss explodes.
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

    /// The weights and what the optimizer remembers.
    ///
    /// # Errors
    /// None that can happen here: the processor gives both.
    pub fn memory(&self) -> Result<(Vec<f64>, OptimizerState), RunError> {
        let weights = self.params.iter().map(|p| p.as_f64()).collect();
        Ok((weights, self.optimizer.state(&self.graph)?))
    }

    /// Goes on from them.
    ///
    /// # Errors
    /// When they are another network's or optimizer's.
    pub fn remember(&mut self, weights: &[f64], optimizer: &OptimizerState) -> Result<(), RunError> {
        let params: Vec<T> = weights.iter().map(|&w| T::from_f64(w)).collect();
        // A model of these weights is one of this network.
        Model::new(Arc::clone(&self.graph), params.clone())?;
        self.optimizer.restore(&self.graph, optimizer)?;
        self.params = params;
        Ok(())
    }

    /// The model in the precision of checkpoints, which is what is tested, attacked and saved.
    ///
    /// # Errors
    /// None that can happen here: the parameters are the network's.
    pub fn model(&self) -> Result<Model<f32>, RunError> {
        Ok(Model::new(Arc::clone(&self.graph), self.params.iter().map(|p| p.as_f64() as f32).collect())?)
    }
}
