//! Training one model on a device.

use crate::error::ExperimentError;
use crate::observer::{Event, Observer};
use crate::preset::Preset;
use crate::records::TrainingRow;
use crate::training::{Run, TestSet};
use minima_autodiff::Model;
use minima_cuda::engine::DeviceData;
use minima_cuda::{CudaEngine, CudaError, Device};
use minima_data::{Dataset, EpochOrder};
use minima_metrics::evaluate;
use minima_optim::{OptimError, Optimizer};
use std::sync::Arc;

/// A step's error, or the device's between steps.
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

/// Copies a data set to the device, its pixels as bytes.
pub(crate) fn load<D: Device>(engine: &CudaEngine<D>, set: &Dataset) -> Result<DeviceData<D>, CudaError> {
    let images = set.images();
    let pixels = images.as_standard_layout();
    let labels: Vec<usize> = set.labels().iter().map(|&label| usize::from(label)).collect();
    engine.load(pixels.as_slice().unwrap_or_default(), &labels)
}

/// Trains a model on a device from its seed's initial weights, as
/// [`train_on_processor`](crate::training::train_on_processor) does on the processor. Losses come back once an epoch.
///
/// # Errors
/// When a step or the device fails, or an epoch's loss is no number.
pub fn train_on<D: Device>(
    engine: &CudaEngine<D>,
    mut optimizer: Box<dyn Optimizer<f32, CudaEngine<D>>>,
    preset: &Preset,
    run: &Run,
    train: &Dataset,
    test: &TestSet,
    observer: &mut dyn Observer,
) -> Result<(Model<f32>, Vec<TrainingRow>), ExperimentError> {
    let graph = engine.graph();
    let data = load(engine, train)?;
    let mut params = engine.vector(&graph.init::<f32>(run.seed))?;
    let mut epochs = engine.epochs(&data, preset.batch_size)?;
    let steps = train.len().div_ceil(preset.batch_size);
    let mut model = Model::new(Arc::clone(graph), engine.read(&params)?)?;
    let mut rows = Vec::new();
    for (epoch, order) in (1..=preset.epochs).zip(EpochOrder::new(run.seed, train.len())) {
        let report = epochs.run::<Failed>(&order, |batch| Ok(optimizer.step(engine, &mut params, batch)?)).map_err(
            |failed| match failed {
                Failed::Device(error) => error.into(),
                Failed::Step(source) => {
                    ExperimentError::Step { run: run.name(), epoch, step: 1, source: Box::new(source) }
                }
            },
        )?;
        if !report.loss.is_finite() {
            return Err(ExperimentError::Diverged { run: run.name(), epoch, step: steps, loss: report.loss });
        }
        for _ in 0..steps {
            observer.on(Event::Step { loss: report.loss, accuracy: report.accuracy });
        }
        model = Model::new(Arc::clone(graph), engine.read(&params)?)?;
        let tested = evaluate(&engine.model(model.clone())?, test.images.view(), &test.labels)?;
        let row = TrainingRow {
            dataset: run.dataset.name().to_owned(),
            optimizer: run.optimizer.clone(),
            seed: run.seed,
            epoch,
            train_loss: report.loss,
            train_accuracy: report.accuracy,
            test_loss: tested.mean_loss,
            test_accuracy: tested.accuracy(),
        };
        observer.on(Event::Epoch(&row));
        rows.push(row);
    }
    Ok((model, rows))
}
