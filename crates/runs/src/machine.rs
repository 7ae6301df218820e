//! The device of an experiment: the CPU or a GPU.

use crate::device_training::train_on;
use crate::error::RunError;
use crate::observer::Observer;
use crate::training::{AtTheEnd, Training};
use minima_autodiff::{Differentiable, Model};
use minima_config::network;
use minima_config::preset::{NetworkKind, Precision};
use minima_cuda::{CudaEngine, CudaError, NvidiaDevice};
use minima_data::Dataset;
use minima_rows::TrainingRow;

/// The device that a user requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The first GPU if it can be used, otherwise the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The first GPU.
    Cuda,
}

/// The device of an experiment.
pub enum Machine {
    /// The CPU.
    Processor,
    /// A GPU with an engine for the preset's network.
    Gpu(Box<CudaEngine<NvidiaDevice>>),
}

impl Machine {
    /// The device for `choice` on this computer, for this network and the images of this data set.
    ///
    /// # Errors
    /// Returns [`RunError::Cuda`] if a GPU is requested and it or its libraries are missing, or if the GPU fails, and
    /// [`RunError::Autodiff`] if the images are too small for the network.
    pub fn choose(choice: Choice, kind: NetworkKind, data: &Dataset) -> Result<Self, RunError> {
        if choice == Choice::Cpu {
            return Ok(Self::Processor);
        }
        let device = match NvidiaDevice::open(0) {
            Err(CudaError::Missing { .. }) if choice == Choice::Auto => return Ok(Self::Processor),
            device => device?,
        };
        Ok(Self::Gpu(Box::new(CudaEngine::new(device, network(kind, data)?)?)))
    }

    /// The device's name in the manifest.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Processor => "cpu".to_owned(),
            Self::Gpu(engine) => format!("cuda: {}", engine.device().describe()),
        }
    }

    /// Trains a model from its seed's initial weights or its saved state. A GPU trains in single precision with the optimizers
    /// for which it has kernels. Everything else (SAM, conjugate gradients, K-FAC, double precision, emulated arithmetic) is
    /// trained on the CPU.
    ///
    /// # Errors
    /// Returns [`RunError::Preset`] if the preset has no optimizer with the run's name, the errors of [`Training::run`], and
    /// [`RunError::Cuda`] if the GPU fails.
    pub fn train(
        &self,
        training: &Training<'_>,
        observer: &mut dyn Observer,
    ) -> Result<(Model<f32>, Vec<TrainingRow>), RunError> {
        let preset = training.preset;
        let spec = preset.optimizer(&training.run.optimizer)?;
        match (self, preset.precision) {
            (Self::Gpu(engine), Precision::Single) => match spec.build_for(engine.as_ref()) {
                Some(optimizer) => train_on(engine, optimizer, training, observer),
                None => training.run(observer, &mut AtTheEnd),
            },
            _ => training.run(observer, &mut AtTheEnd),
        }
    }

    /// Calls `work` with the model on this device.
    ///
    /// # Errors
    /// Returns [`RunError::Cuda`] if the GPU fails, and the errors of `work`.
    pub fn with_model<R>(
        &self,
        model: &Model<f32>,
        work: impl FnOnce(&dyn Differentiable<f32>) -> Result<R, RunError>,
    ) -> Result<R, RunError> {
        match self {
            Self::Processor => work(model),
            Self::Gpu(engine) => work(&engine.model(model.clone())?),
        }
    }
}
