//! The device of an experiment: the CPU or a GPU.

use crate::device_training::train_on;
use crate::error::RunError;
use crate::job::CPU;
use crate::observer::Observer;
use crate::training::{Training, Visitor};
use minima_autodiff::{Differentiable, Graph, Model};
use minima_config::Run;
use minima_config::preset::{Precision, Preset};
use minima_cuda::device::Products;
use minima_cuda::engine::check_supported;
use minima_cuda::{CudaEngine, CudaError, NvidiaDevice};
use minima_data::Dataset;
use minima_optim::Optimizer;
use minima_rows::TrainingRow;
use std::sync::{Arc, Mutex, PoisonError};

/// The device that a user requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The first GPU if it can be used and has kernels for the network, otherwise the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The first GPU. cuBLAS computes large products, if it is installed.
    Cuda,
    /// The first GPU, with this choice of who computes large products.
    Multiplying(Products),
}

impl Choice {
    /// How a GPU multiplies large matrices.
    #[must_use]
    pub fn products(self) -> Products {
        match self {
            Self::Auto | Self::Cpu | Self::Cuda => Products::default(),
            Self::Multiplying(products) => products,
        }
    }
}

/// The device of an experiment.
pub enum Machine {
    /// The CPU.
    Processor,
    /// A GPU with an engine for the preset's network.
    Gpu(Box<Gpu>),
}

/// A GPU with an engine for one network.
pub struct Gpu {
    engine: CudaEngine<NvidiaDevice>,
    /// Held while the engine trains a model.
    busy: Mutex<()>,
}

impl Gpu {
    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &CudaEngine<NvidiaDevice> {
        &self.engine
    }
}

/// An optimizer on a GPU.
type GpuOptimizer = Box<dyn Optimizer<f32, CudaEngine<NvidiaDevice>>>;

impl Machine {
    /// The device for `choice` on this computer, for this network. Calls `say` with one
    /// line if there is a GPU and [`Choice::Auto`] takes the CPU, because operations of the network have no kernels.
    ///
    /// # Errors
    /// Returns [`RunError::Cuda`] if a GPU is requested and it or its libraries are missing or operations of the network have
    /// no kernels, or if the GPU fails.
    pub fn choose(choice: Choice, graph: &Arc<Graph>, say: &mut dyn FnMut(&str)) -> Result<Self, RunError> {
        if choice == Choice::Cpu {
            return Ok(Self::Processor);
        }
        match gpu_for(choice, check_supported(graph), || NvidiaDevice::open_multiplying(0, choice.products()), say)? {
            Some(device) => {
                let engine = CudaEngine::new(device, Arc::clone(graph))?;
                Ok(Self::Gpu(Box::new(Gpu { engine, busy: Mutex::default() })))
            }
            None => Ok(Self::Processor),
        }
    }

    /// The device's name in the manifest.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Processor => CPU.to_owned(),
            Self::Gpu(gpu) => format!("cuda: {}", gpu.engine.device().describe()),
        }
    }

    /// The name of the device that trains a run on this training set: the GPU's name, or `cpu`.
    ///
    /// # Errors
    /// Returns [`RunError::Preset`] if the preset has no optimizer with the run's name.
    pub fn trains_on(&self, preset: &Preset, run: &Run, train: &Dataset) -> Result<String, RunError> {
        let is_on_gpu = self.gpu_optimizer(preset, run, train)?.is_some();
        Ok(if is_on_gpu { self.name() } else { Self::Processor.name() })
    }

    /// Trains a model from its seed's initial weights or its saved state. A GPU trains in single precision, with the optimizers
    /// that run on any engine (SGD, Adam, Gauss-Newton exact and by conjugate gradients, K-FAC, EKFAC) and without options of the
    /// preset's table `training`. Everything else (schedules, augmentation, SAM, Muon, double precision, emulated arithmetic, pixels
    /// that are not bytes) is trained on the CPU. A GPU trains one model at a time: other threads wait.
    ///
    /// # Errors
    /// Returns [`RunError::Preset`] if the preset has no optimizer with the run's name, the errors of [`Training::run`], and
    /// [`RunError::Cuda`] if the GPU fails.
    pub fn train(
        &self,
        training: &Training<'_>,
        observer: &mut dyn Observer,
        visitor: &mut dyn Visitor,
    ) -> Result<(Model<f32>, Vec<TrainingRow>), RunError> {
        match self.gpu_optimizer(training.preset, training.run, training.train)? {
            Some((gpu, optimizer)) => {
                let _alone = gpu.busy.lock().unwrap_or_else(PoisonError::into_inner);
                train_on(&gpu.engine, optimizer, training, observer, visitor)
            }
            None => training.run(observer, visitor),
        }
    }

    /// The GPU and the run's optimizer on it; `None` if the CPU trains the run.
    fn gpu_optimizer(
        &self,
        preset: &Preset,
        run: &Run,
        train: &Dataset,
    ) -> Result<Option<(&Gpu, GpuOptimizer)>, RunError> {
        let spec = preset.optimizer(&run.optimizer)?;
        let Self::Gpu(gpu) = self else { return Ok(None) };
        if preset.precision != Precision::Single || train.bytes().is_none() || !preset.training.is_default() {
            return Ok(None);
        }
        Ok(spec.build_for(&gpu.engine, run.seed).map(|optimizer| (gpu.as_ref(), optimizer)))
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
            Self::Gpu(gpu) => work(&gpu.engine.model(model.clone())?),
        }
    }
}

/// The GPU that `open` finds, or `None` if the network is to be computed on the CPU.
fn gpu_for<D>(
    choice: Choice,
    supported: Result<(), CudaError>,
    open: impl FnOnce() -> Result<D, CudaError>,
    say: &mut dyn FnMut(&str),
) -> Result<Option<D>, CudaError> {
    if choice != Choice::Auto {
        supported?;
        return open().map(Some);
    }
    match (open(), supported) {
        (Err(CudaError::Missing { .. }), _) => Ok(None),
        (Ok(_), Err(unsupported)) => {
            say(&format!("computing on the CPU, not on the GPU: {unsupported}"));
            Ok(None)
        }
        (device, _) => device.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minima_cuda::Missing;

    /// Whether a network with or without such an operation has kernels.
    fn supported(newer: bool) -> Result<(), CudaError> {
        if newer {
            Err(CudaError::Unsupported { operations: vec!["convolution on a sphere".to_owned()] })
        } else {
            Ok(())
        }
    }

    fn missing() -> Result<(), CudaError> {
        Err(CudaError::Missing { missing: Missing::Device, found: "none".to_owned() })
    }

    /// The result and the lines.
    fn gpu(choice: Choice, newer: bool, found: fn() -> Result<(), CudaError>) -> (Result<bool, String>, Vec<String>) {
        let mut lines = Vec::new();
        let gpu = gpu_for(choice, supported(newer), found, &mut |line| lines.push(line.to_owned()));
        (gpu.map(|gpu| gpu.is_some()).map_err(|error| error.to_string()), lines)
    }

    #[test]
    fn a_network_without_kernels_goes_to_the_cpu_with_one_line() {
        let (gpu, lines) = gpu(Choice::Auto, true, || Ok(()));
        assert_eq!(gpu, Ok(false));
        assert_eq!(lines, ["computing on the CPU, not on the GPU: no CUDA kernels for convolution on a sphere"]);
    }

    #[test]
    fn a_network_without_kernels_is_refused_on_a_requested_gpu() {
        for found in [missing, || Ok(())] {
            let (gpu, lines) = gpu(Choice::Cuda, true, found);
            assert_eq!((gpu, lines.len()), (Err("no CUDA kernels for convolution on a sphere".to_owned()), 0));
        }
    }

    #[test]
    fn other_networks_go_to_a_gpu_that_is_there() {
        assert_eq!(gpu(Choice::Auto, false, || Ok(())), (Ok(true), Vec::new()));
        assert_eq!(gpu(Choice::Cuda, false, || Ok(())), (Ok(true), Vec::new()));
        assert_eq!(gpu(Choice::Auto, false, missing), (Ok(false), Vec::new()));
        assert_eq!(gpu(Choice::Auto, true, missing), (Ok(false), Vec::new()));
        assert!(gpu(Choice::Cuda, false, missing).0.is_err());
        // A GPU that fails is an error, whatever the choice.
        let failing = || Err(CudaError::Driver { doing: "open".to_owned(), report: "broken".to_owned() });
        assert!(gpu(Choice::Auto, false, failing).0.is_err());
    }
}
