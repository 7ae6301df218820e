//! Where an experiment is computed: on the processor, or on a GPU.

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

/// Where to compute, as a user asks for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// On the first GPU where there is one that can be used, else on the processor.
    #[default]
    Auto,
    /// On the processor.
    Cpu,
    /// On the first GPU.
    Cuda,
}

/// What computes.
pub enum Machine {
    /// The processor.
    Processor,
    /// A GPU, with the preset's network on it.
    Gpu(Box<CudaEngine<NvidiaDevice>>),
}

impl Machine {
    /// What `choice` comes to on this machine, for this network on images of this data.
    ///
    /// # Errors
    /// When a GPU is asked for and there is none, or something that it needs is missing; and when there is one that fails.
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

    /// Its name in the manifest.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Processor => "cpu".to_owned(),
            Self::Gpu(engine) => format!("cuda: {}", engine.device().describe()),
        }
    }

    /// Trains a model from its seed's initial weights. A GPU trains in single precision what it has kernels for; what a preset
    /// asks for beyond that (SAM, conjugate gradients, K-FAC, double precision, emulated TF32) the processor trains.
    ///
    /// # Errors
    /// When a step fails or the loss explodes, and when it is asked to stop.
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

    /// Does something with a model where it computes fastest.
    ///
    /// # Errors
    /// When the GPU fails, and those of `work`.
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
