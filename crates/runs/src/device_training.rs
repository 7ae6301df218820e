//! Training of one model on a device.

use crate::error::RunError;
use crate::observer::{Event, Observer};
use crate::trainee::is_explosion;
use crate::training::{Keeper, Progress, Training, TrainingState};
use minima_autodiff::Model;
use minima_cuda::engine::DeviceData;
use minima_cuda::{CudaEngine, CudaError, Device};
use minima_data::{Dataset, EpochOrder};
use minima_metrics::evaluate;
use minima_optim::{OptimError, Optimizer};
use minima_rows::TrainingRow;
use std::sync::Arc;

/// The error of a step, or of the device between steps.
enum Failed {
    Device(CudaError),
    Step(OptimError),
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
    let images = set.images();
    let pixels = images.as_standard_layout();
    let labels: Vec<usize> = set.labels().iter().map(|&label| usize::from(label)).collect();
    engine.load(pixels.as_slice().unwrap_or_default(), &labels)
}

/// Trains a model on a device, like [`Training::run`] on the CPU. Losses are read back once per epoch. Only then is the state
/// saved, and stop requests are checked.
///
/// # Errors
/// Returns the errors of [`Training::run`], and [`RunError::Cuda`] if the device fails. Errors name the last step of the epoch
/// and no batch.
pub fn train_on<D: Device>(
    engine: &CudaEngine<D>,
    mut optimizer: Box<dyn Optimizer<f32, CudaEngine<D>>>,
    training: &Training<'_>,
    observer: &mut dyn Observer,
) -> Result<(Model<f32>, Vec<TrainingRow>), RunError> {
    let Training { preset, run, train, test, keep } = *training;
    let graph = engine.graph();
    let data = load(engine, train)?;
    let mut keeper = Keeper::new(keep, &run.name());
    let _heeding = keeper.heed();
    let mut progress = Progress::new(&run.name());
    let mut weights = graph.init::<f32>(run.seed);
    if let Some(state) = keeper.resume(preset.epochs)? {
        weights = state.weights.iter().map(|&w| w as f32).collect();
        optimizer.restore(engine, &state.optimizer).map_err(|error| keeper.refused(&error.into()))?;
        progress = state.progress;
    }
    keeper.check(&progress)?;
    let mut params = engine.vector(&weights)?;
    let mut epochs = engine.epochs(&data, preset.batch_size)?;
    let steps = train.len().div_ceil(preset.batch_size);
    let mut model = Model::new(Arc::clone(graph), engine.read(&params)?)?;
    let behind = progress.rows.len();
    progress.tell((behind * steps) as u64, observer);
    for (epoch, order) in (progress.epoch()..=preset.epochs).zip(EpochOrder::after(run.seed, train.len(), behind)) {
        // The device does not report which batch failed. The state after the previous epoch is saved.
        let gone_wrong = |error: RunError| match keeper.failed(&error, epoch, steps, &[]) {
            Ok(()) => error,
            Err(not_kept) => not_kept,
        };
        let report = epochs.run::<Failed>(&order, |batch| Ok(optimizer.step(engine, &mut params, batch)?));
        let diverged = |loss| RunError::Diverged { run: run.name(), epoch, step: steps, loss, batch: Vec::new() };
        let report = report.map_err(|failed| match failed {
            Failed::Device(error) => gone_wrong(error.into()),
            Failed::Step(source) => {
                gone_wrong(RunError::Step { run: run.name(), epoch, step: steps, source: Box::new(source) })
            }
        })?;
        if is_explosion(report.loss) {
            return Err(gone_wrong(diverged(report.loss)));
        }
        for _ in 0..steps {
            observer.on(Event::Step { loss: report.loss, accuracy: report.accuracy });
        }
        model = Model::new(Arc::clone(graph), engine.read(&params)?)?;
        let tested = evaluate(&engine.model(model.clone())?, test.images.view(), &test.labels)?;
        if is_explosion(tested.mean_loss) {
            return Err(gone_wrong(diverged(tested.mean_loss)));
        }
        let row = TrainingRow {
            labels: run.labels.name().to_owned(),
            optimizer: run.optimizer.clone(),
            seed: run.seed,
            epoch,
            train_loss: report.loss,
            train_accuracy: report.accuracy,
            test_loss: tested.mean_loss,
            test_accuracy: tested.accuracy(),
        };
        observer.on(Event::Epoch(&row));
        progress.rows.push(row);
        keeper.after_epoch(|| {
            let weights = model.params().iter().map(|&w| f64::from(w)).collect();
            Ok(TrainingState { progress: progress.clone(), weights, optimizer: optimizer.state(engine)? })
        })?;
    }
    Ok((model, progress.rows))
}
