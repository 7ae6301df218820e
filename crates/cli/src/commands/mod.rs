//! The commands: each parses its flags, calls the crates below and prints.

pub(crate) mod attack;
pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod data;
pub(crate) mod evaluate;
pub(crate) mod report;
pub(crate) mod reproduce;
pub(crate) mod study;
pub(crate) mod train;
pub(crate) mod tune;

use crate::threads::{self, ALLOWED};
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use minima_config::preset::{NetworkKind, Preset};
use minima_data::{Dataset, Mnist, mnist};
use minima_runs::machine::{Choice, Machine};
use std::path::{Path, PathBuf};

/// Loads the data of a folder, or the verified MNIST of the repository.
fn load_data(folder: Option<&Path>) -> Result<Mnist> {
    match folder {
        Some(folder) => mnist::load(folder).with_context(|| format!("--data {}", folder.display())),
        None => Ok(mnist::load_default()?),
    }
}

/// Options that select an experiment.
#[derive(Debug, Args)]
pub(crate) struct Experiment {
    /// The experiment: paper, paper-hardware, studies, extended, quick or check [default: paper for reproduce, studies for study,
    /// else extended]
    #[arg(long, conflicts_with = "config")]
    preset: Option<String>,
    /// Read the experiment from a TOML file, which may contain `extends = "paper"`
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Set one key, such as epochs=3 or optimizers.adam.learning_rate=0.01; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl Experiment {
    /// Whether any of the options was given.
    fn is_given(&self) -> bool {
        self.preset.is_some() || self.config.is_some() || !self.set.is_empty()
    }

    /// Whether this file is the one given with `--config`.
    fn is_described_by(&self, file: &Path) -> bool {
        let Some(config) = &self.config else { return false };
        config == file || matches!((config.canonicalize(), file.canonicalize()), (Ok(a), Ok(b)) if a == b)
    }

    /// The experiment's name and preset; without a choice, the preset `default`.
    fn preset(&self, default: &str) -> Result<(String, Preset)> {
        let Some(path) = &self.config else {
            let name = self.preset.as_deref().unwrap_or(default);
            return Ok((name.to_owned(), Preset::named(name, &self.set)?));
        };
        let name = path.file_stem().map_or_else(|| "config".to_owned(), |n| n.to_string_lossy().into_owned());
        Ok((name, Preset::from_file(path, &self.set)?))
    }
}

/// Options that select data, device and threads.
#[derive(Debug, Args)]
pub(crate) struct Resources {
    /// Folder with the four MNIST files [default: the repository's]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// The device to compute on
    #[arg(long, value_enum, default_value_t = Device::Auto)]
    device: Device,
    /// Number of compute threads [default: one per core]
    #[arg(long, value_parser = clap::value_parser!(u16).range(ALLOWED))]
    threads: Option<u16>,
}

impl Resources {
    /// Starts the threads, loads the data and chooses the device for this network.
    fn open(&self, network: NetworkKind) -> Result<(Mnist, Machine)> {
        threads::start(self.threads)?;
        let data = load_data(self.data.as_deref())?;
        let machine = self.device.machine(network, &data.train)?;
        Ok((data, machine))
    }
}

/// The device to compute on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Device {
    /// The first NVIDIA GPU if there is one and it has kernels for the network, otherwise the CPU
    Auto,
    /// The CPU
    Cpu,
    /// The first NVIDIA GPU
    Cuda,
}

impl Device {
    /// The device for this network on images of this data.
    fn machine(self, network: NetworkKind, data: &Dataset) -> Result<Machine> {
        let (choice, name) = match self {
            Self::Auto => (Choice::Auto, "auto"),
            Self::Cpu => (Choice::Cpu, "cpu"),
            Self::Cuda => (Choice::Cuda, "cuda"),
        };
        Machine::choose(choice, network, data, &mut |line| println!("{line}"))
            .with_context(|| format!("--device {name}"))
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
