//! The commands: each parses its flags, calls the crates below and prints.

pub(crate) mod attack;
pub(crate) mod bench;
pub(crate) mod certify;
pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod data;
pub(crate) mod evaluate;
pub(crate) mod network;
mod network_files;
pub(crate) mod report;
pub(crate) mod reproduce;
pub(crate) mod study;
mod study_options;
pub(crate) mod sweep;
pub(crate) mod train;
pub(crate) mod tune;

use crate::data_options::DataOptions;
use crate::first_images::tell_of_missing_classes;
use crate::threads::{self, ALLOWED};
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use minima_autodiff::Graph;
use minima_config::preset::Preset;
use minima_cuda::device::Products;
use minima_data::{Dataset, Splits};
use minima_runs::machine::{Choice, Machine};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Seeds of one argument. The name keeps the parser of arguments from taking one number an element.
type Seeds = Vec<u64>;

/// Options that select data, device and threads.
#[derive(Debug, Args)]
pub(crate) struct Resources {
    #[command(flatten)]
    data: DataOptions,
    #[command(flatten)]
    compute: Compute,
}

/// Options that select device and threads.
#[derive(Debug, Args)]
pub(crate) struct Compute {
    /// The device to compute on
    #[arg(long, value_enum, default_value_t = Device::Auto)]
    device: Device,
    /// Number of compute threads [default: one per core]
    #[arg(long, value_parser = clap::value_parser!(u16).range(ALLOWED))]
    threads: Option<u16>,
}

impl Resources {
    /// Starts the threads, and opens the experiment as [`load`](Self::load) does.
    fn open(&self, preset: Preset) -> Result<(Preset, Splits, Machine)> {
        self.start()?;
        self.load(preset)
    }

    /// Starts the threads, which a program does once.
    fn start(&self) -> Result<()> {
        threads::start(self.compute.threads)
    }

    /// Loads the data, and chooses the device for the experiment's network. Returns the experiment on this data.
    fn load(&self, preset: Preset) -> Result<(Preset, Splits, Machine)> {
        let (preset, data) = on_its_data(preset, &self.data)?;
        let machine = self.compute.device.machine(&preset.network.graph(&data.train)?)?;
        Ok((preset, data, machine))
    }
}

/// The first images of a test set, as many as `--images` says; all without it.
fn test_images(test: &Dataset, images: Option<usize>) -> Result<Dataset> {
    match images {
        Some(0) => bail!("--images is 0; expected at least 1"),
        Some(images) if images > test.len() => {
            bail!("--images is {images}; expected at most {}, the size of the test set", test.len())
        }
        Some(images) => Ok(test.take(images)),
        None => Ok(test.clone()),
    }
}

/// The experiment on the data that the options or the experiment name.
fn on_its_data(preset: Preset, options: &DataOptions) -> Result<(Preset, Splits)> {
    let (source, data) = options.load(preset.data.as_ref())?;
    let preset = Preset { data: Some(source), ..preset }.on_data(&data)?;
    tell_of_missing_classes(&preset, &data);
    Ok((preset, data))
}

/// The device to compute on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Device {
    /// The first NVIDIA GPU if there is one and it has kernels for the network, otherwise the CPU
    Auto,
    /// The CPU
    Cpu,
    /// The first NVIDIA GPU. cuBLAS computes large products of matrices, if it is installed
    Cuda,
    /// The same without cuBLAS: minima's own kernels compute all products
    CudaKernels,
    /// The same with cuBLAS in TF32, which keeps 10 bits of a factor's mantissa. Small products remain in f32
    CudaTf32,
}

impl Device {
    /// How a GPU multiplies large matrices, if this is a GPU by its name.
    fn products(self) -> Option<Products> {
        match self {
            Self::Auto | Self::Cpu => None,
            Self::Cuda => Some(Products::Library),
            Self::CudaKernels => Some(Products::Kernels),
            Self::CudaTf32 => Some(Products::Tf32),
        }
    }

    /// The device for this network.
    fn machine(self, graph: &Arc<Graph>) -> Result<Machine> {
        let (choice, name) = match self {
            Self::Auto => (Choice::Auto, "auto"),
            Self::Cpu => (Choice::Cpu, "cpu"),
            Self::Cuda => (Choice::Cuda, "cuda"),
            Self::CudaKernels => (Choice::Multiplying(Products::Kernels), "cuda-kernels"),
            Self::CudaTf32 => (Choice::Multiplying(Products::Tf32), "cuda-tf32"),
        };
        Machine::choose(choice, graph, &mut |line| println!("{line}")).with_context(|| format!("--device {name}"))
    }
}

/// The root of the workspace in which this program was compiled.
fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new(".")).to_owned()
}

/// Runs the work on a compute thread. Parallel loops start faster from there than from the main thread.
fn on_a_worker<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    rayon::scope(|_| work())
}
