//! Training on the CPU, step by step.

use super::average::WeightAverage;
use super::epochs::{Epoch, EpochMeans, Trainer, Training, Visitor, is_explosion, train};
use super::keep::Keeper;
use super::state::{Progress, TrainingState};
use super::stepper::{StepImages, Stepper};
use crate::error::RunError;
use crate::observer::{Event, Observer};
use crate::starting_weights::starting_weights;
use crate::test_set::TestSet;
use minima_autodiff::{Graph, Model, Scalar, StepReport};
use minima_config::preset::{Precision, Preset};
use minima_config::{Run, TrainingOptions};
use minima_data::{Dataset, augment, epoch_batches};
use minima_metrics::{Evaluation, evaluate};
use minima_rows::TrainingRow;
use std::ops::ControlFlow;
use std::sync::Arc;

impl Training<'_> {
    /// Trains the model on the CPU, from its seed's initial weights or from the saved state, in the preset's precision. Returns it with
    /// a row for each epoch. The bytes are the same whether or not the run was stopped in between.
    ///
    /// An epoch's train loss and accuracy are means over its batches, each measured before its step, as in the paper. The loss is
    /// the one that is minimized, on the images that a step takes: smoothed, augmented, adversarial and at worst-case logits as the preset's table
    /// `training` says. The test loss is always the cross-entropy on the test images.
    ///
    /// # Errors
    /// - Returns [`RunError::Step`] if a step fails, and [`RunError::Diverged`] if the loss explodes. The last good state and
    ///   `failure.json` with the batch are saved.
    /// - Returns [`RunError::Interrupted`] if somebody asked to stop. The state is saved.
    /// - Returns [`RunError::State`] if a state cannot be read or written.
    /// - Returns the errors of `visitor`.
    pub fn run(
        &self,
        observer: &mut dyn Observer,
        visitor: &mut dyn Visitor,
    ) -> Result<(Model<f32>, Vec<TrainingRow>), RunError> {
        match self.preset.precision {
            Precision::Single => train(self, &mut CpuTrainer::<f32>::new(self, visitor)?, observer),
            Precision::Double => train(self, &mut CpuTrainer::<f64>::new(self, visitor)?, observer),
        }
    }
}

/// A network, its parameters, and the steps that change them.
struct CpuTrainer<'a, T: Scalar> {
    preset: &'a Preset,
    run: &'a Run,
    train: &'a Dataset,
    visitor: &'a mut dyn Visitor,
    graph: Arc<Graph>,
    params: Vec<T>,
    stepper: Stepper<T>,
    average: Option<WeightAverage>,
    /// The number of steps of the run.
    steps: u64,
    last_batch: Vec<u32>,
}

impl<'a, T: Scalar> CpuTrainer<'a, T> {
    fn new(training: &Training<'a>, visitor: &'a mut dyn Visitor) -> Result<Self, RunError> {
        let Training { preset, run, train, .. } = *training;
        let graph = preset.network.graph(train)?;
        let params = starting_weights(&graph, preset.training.start.as_ref(), run.seed)?;
        let (steps, last_batch) = (preset.steps(train.len()), Vec::new());
        let stepper = Stepper::new(preset, run, &graph, steps)?;
        let average = preset.training.average.map(WeightAverage::new);
        Ok(Self { preset, run, train, visitor, graph, params, stepper, average, steps, last_batch })
    }

    /// One step on these images of the training set. Steps of an epoch count from 1.
    fn step(&mut self, indices: &[u32], epoch: &Epoch<'_>, step: usize) -> Result<StepReport, RunError> {
        let (options, number): (&TrainingOptions, u32) = (&self.preset.training, epoch.number);
        let (mut images, labels) = self.train.batch::<T>(indices)?;
        augment(images.view_mut(), self.train.shape(), &options.augmentation, self.run.seed, number, indices)?;
        let taken = u64::from(number - 1) * epoch.steps + step as u64 - 1;
        let factor = options.learning_rate_factor(taken, self.steps, epoch.steps);
        let images = StepImages { images: images.view(), labels: &labels, epoch: number, indices, taken };
        let run = || self.run.name();
        let report = self
            .stepper
            .step(&self.graph, &mut self.params, &images, factor)
            .map_err(|source| RunError::Step { run: run(), epoch: number, step, source: Box::new(source) })?;
        if is_explosion(report.loss) {
            let (loss, batch) = (report.loss, indices.to_vec());
            return Err(RunError::Diverged { run: run(), epoch: number, step, loss, batch });
        }
        if let Some(average) = &mut self.average {
            average.add(&self.params);
        }
        Ok(report)
    }
}

impl<T: Scalar> Trainer for CpuTrainer<'_, T> {
    fn epoch(
        &mut self,
        epoch: &Epoch<'_>,
        progress: &mut Progress,
        keeper: &mut Keeper<'_>,
        observer: &mut dyn Observer,
    ) -> Result<ControlFlow<(), EpochMeans>, RunError> {
        let before = progress.step;
        for (step, indices) in (1..).zip(epoch_batches(epoch.order, self.preset.batch_size)?).skip(before) {
            keeper.before(|| self.state(progress))?;
            let report = match self.step(indices, epoch, step) {
                Ok(report) => report,
                Err(error) => {
                    keeper.failed(&error, epoch.number, step, indices)?;
                    return Err(error);
                }
            };
            let accuracy = report.correct as f64 / indices.len() as f64;
            progress.step = step;
            progress.loss += report.loss;
            progress.accuracy += accuracy;
            observer.on(Event::Step { loss: report.loss, accuracy });
            let taken = u64::from(epoch.number - 1) * epoch.steps + step as u64;
            if self.visitor.wants(taken) {
                let model = self.model()?;
                if self.visitor.visit(taken, &model)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            keeper.after()?;
            self.last_batch.clear();
            self.last_batch.extend_from_slice(indices);
        }
        let steps = progress.step as f64;
        Ok(ControlFlow::Continue(EpochMeans { loss: progress.loss / steps, accuracy: progress.accuracy / steps }))
    }

    fn evaluate(&self, test: &TestSet) -> Result<Evaluation, RunError> {
        Ok(evaluate(&self.model()?, test.images.view(), &test.labels)?)
    }

    fn last_batch(&self) -> &[u32] {
        &self.last_batch
    }

    fn state(&self, progress: &Progress) -> Result<TrainingState, RunError> {
        let weights = self.params.iter().map(|p| p.as_f64()).collect();
        let average = self.average.as_ref().map_or(Vec::new(), |average| average.weights().to_vec());
        let (progress, optimizer) = (progress.clone(), self.stepper.state(&self.graph)?);
        Ok(TrainingState { progress, weights, average, optimizer })
    }

    fn restore(&mut self, state: &TrainingState) -> Result<(), RunError> {
        let params: Vec<T> = state.weights.iter().map(|&w| T::from_f64(w)).collect();
        // Fails for weights of another network.
        Model::new(Arc::clone(&self.graph), params.clone())?;
        if let Some(average) = &mut self.average {
            // Empty before the first step.
            if !state.average.is_empty() {
                Model::new(Arc::clone(&self.graph), state.average.clone())?;
            }
            average.restore(state.average.clone());
        }
        self.stepper.restore(&self.graph, &state.optimizer)?;
        self.params = params;
        Ok(())
    }

    fn model(&self) -> Result<Model<f32>, RunError> {
        let average = self.average.as_ref().map(WeightAverage::weights).filter(|weights| !weights.is_empty());
        let single = match average {
            Some(weights) => weights.iter().map(|&w| w as f32).collect(),
            None => self.params.iter().map(|p| p.as_f64() as f32).collect(),
        };
        Ok(Model::new(Arc::clone(&self.graph), single)?)
    }
}
