//! Training of one model on a device.

use crate::error::RunError;
use crate::observer::{Event, Observer};
use crate::starting_weights::starting_weights;
use crate::test_set::TestSet;
use crate::training::{
    Epoch, EpochMeans, Keeper, Progress, Trainer, Training, TrainingState, Visitor, is_explosion, train,
};
use minima_autodiff::{Engine, Model};
use minima_config::Run;
use minima_cuda::engine::{DeviceBatch, DeviceData, EpochSteps, Epochs};
use minima_cuda::{CudaEngine, CudaError, Device};
use minima_data::Dataset;
use minima_metrics::{Evaluation, evaluate};
use minima_optim::{OptimError, Optimizer};
use minima_rows::TrainingRow;
use std::ops::ControlFlow;
use std::sync::Arc;

/// The error of a step, or of the device or the visitor between steps.
enum Failed {
    Device(CudaError),
    Step(OptimError),
    Between(RunError),
    /// The visitor ended the training.
    Ended,
}

impl From<CudaError> for Failed {
    fn from(error: CudaError) -> Self {
        Self::Device(error)
    }
}

impl From<OptimError> for Failed {
    fn from(error: OptimError) -> Self {
        Self::Step(error)
    }
}

/// Copies a data set to the device, with pixels as bytes.
///
/// # Errors
/// Returns [`CudaError`] if the data set does not fit the network, or the device fails.
pub fn load<D: Device>(engine: &CudaEngine<D>, set: &Dataset) -> Result<DeviceData<D>, CudaError> {
    let pixels = set.bytes().ok_or(CudaError::PixelsAreNotBytes)?;
    let pixels = pixels.as_standard_layout();
    let labels: Vec<usize> = set.labels().iter().map(|&label| usize::from(label)).collect();
    engine.load(pixels.as_slice().unwrap_or_default(), &labels)
}

/// Trains a model on a device as [`Training::run`] does on the CPU. Losses are read back once per epoch, and weights for each model
/// that the visitor wants. The state is saved after an epoch, and the run may be stopped then.
///
/// # Errors
/// Returns the errors of [`Training::run`], and [`RunError::Cuda`] if the device fails. The errors name the last step of the epoch, and
/// no batch.
pub fn train_on<D: Device>(
    engine: &CudaEngine<D>,
    optimizer: Box<dyn Optimizer<f32, CudaEngine<D>>>,
    training: &Training<'_>,
    observer: &mut dyn Observer,
    visitor: &mut dyn Visitor,
) -> Result<(Model<f32>, Vec<TrainingRow>), RunError> {
    let data = load(engine, training.train)?;
    let start = training.preset.training.start.as_ref();
    let params = engine.vector(&starting_weights::<f32>(engine.graph(), start, training.run.seed)?)?;
    let epochs = engine.epochs(&data, training.preset.batch_size)?;
    let steps = training.train.len().div_ceil(training.preset.batch_size);
    let mut trainer = DeviceTrainer { engine, run: training.run, optimizer, params, epochs, steps, visitor };
    train(training, &mut trainer, observer)
}

/// A network on a device, and the optimizer that changes its parameters there.
struct DeviceTrainer<'a, D: Device> {
    engine: &'a CudaEngine<D>,
    run: &'a Run,
    optimizer: Box<dyn Optimizer<f32, CudaEngine<D>>>,
    params: <CudaEngine<D> as Engine<f32>>::Vector,
    epochs: Epochs<'a, D>,
    /// The steps of an epoch.
    steps: usize,
    visitor: &'a mut dyn Visitor,
}

/// The steps of one epoch.
struct Steps<'s, D: Device> {
    engine: &'s CudaEngine<D>,
    optimizer: &'s mut dyn Optimizer<f32, CudaEngine<D>>,
    params: &'s mut <CudaEngine<D> as Engine<f32>>::Vector,
    visitor: &'s mut dyn Visitor,
    /// The steps of the epochs before.
    before: u64,
}

impl<D: Device> EpochSteps<D> for Steps<'_, D> {
    type Error = Failed;

    fn are_recorded(&self) -> bool {
        self.optimizer.repeats_its_calls()
    }

    fn step(&mut self, batch: &DeviceBatch<'_, D>) -> Result<(), Failed> {
        Ok(self.optimizer.step(self.engine, self.params, batch)?)
    }

    fn after(&mut self, steps: usize) -> Result<(), Failed> {
        let taken = self.before + steps as u64;
        if !self.visitor.wants(taken) {
            return Ok(());
        }
        let model = model_of(self.engine, self.params).map_err(Failed::Between)?;
        match self.visitor.visit(taken, &model) {
            Ok(ControlFlow::Continue(())) => Ok(()),
            Ok(ControlFlow::Break(())) => Err(Failed::Ended),
            Err(error) => Err(Failed::Between(error)),
        }
    }
}

/// The model with these parameters.
fn model_of<D: Device>(
    engine: &CudaEngine<D>,
    params: &<CudaEngine<D> as Engine<f32>>::Vector,
) -> Result<Model<f32>, RunError> {
    Ok(Model::new(Arc::clone(engine.graph()), engine.read(params)?)?)
}

impl<D: Device> Trainer for DeviceTrainer<'_, D> {
    fn epoch(
        &mut self,
        epoch: &Epoch<'_>,
        progress: &mut Progress,
        keeper: &mut Keeper<'_>,
        observer: &mut dyn Observer,
    ) -> Result<ControlFlow<(), EpochMeans>, RunError> {
        let (number, steps) = (epoch.number, self.steps);
        let run = || self.run.name();
        // The device does not report which batch failed. The state after the epoch before is kept.
        let mut between = Steps {
            engine: self.engine,
            optimizer: self.optimizer.as_mut(),
            params: &mut self.params,
            visitor: &mut *self.visitor,
            before: u64::from(number - 1) * epoch.steps,
        };
        let report = self.epochs.run_steps(epoch.order, &mut between);
        let error = match report {
            Ok(report) if !is_explosion(report.loss) => {
                for _ in 0..steps {
                    observer.on(Event::Step { loss: report.loss, accuracy: report.accuracy });
                }
                progress.step = steps;
                return Ok(ControlFlow::Continue(EpochMeans { loss: report.loss, accuracy: report.accuracy }));
            }
            Ok(report) => {
                RunError::Diverged { run: run(), epoch: number, step: steps, loss: report.loss, batch: Vec::new() }
            }
            Err(Failed::Ended) => return Ok(ControlFlow::Break(())),
            Err(Failed::Between(error)) => return Err(error),
            Err(Failed::Device(error)) => error.into(),
            Err(Failed::Step(source)) => {
                RunError::Step { run: run(), epoch: number, step: steps, source: Box::new(source) }
            }
        };
        keeper.failed(&error, number, steps, &[])?;
        Err(error)
    }

    fn evaluate(&self, test: &TestSet) -> Result<Evaluation, RunError> {
        Ok(evaluate(&self.engine.model(self.model()?)?, test.images.view(), &test.labels)?)
    }

    fn last_batch(&self) -> &[u32] {
        &[]
    }

    fn state(&self, progress: &Progress) -> Result<TrainingState, RunError> {
        let weights = self.engine.read(&self.params)?.into_iter().map(f64::from).collect();
        let (progress, optimizer) = (progress.clone(), self.optimizer.state(self.engine)?);
        Ok(TrainingState { progress, weights, average: Vec::new(), optimizer })
    }

    fn restore(&mut self, state: &TrainingState) -> Result<(), RunError> {
        let weights: Vec<f32> = state.weights.iter().map(|&w| w as f32).collect();
        self.optimizer.restore(self.engine, &state.optimizer)?;
        self.params = self.engine.vector(&weights)?;
        Ok(())
    }

    fn model(&self) -> Result<Model<f32>, RunError> {
        model_of(self.engine, &self.params)
    }
}
