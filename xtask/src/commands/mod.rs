//! The commands: each parses its flags, calls the experiment crate and prints.

pub(crate) mod api;
pub(crate) mod attack;
pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod data;
pub(crate) mod dependencies;
pub(crate) mod evaluate;
pub(crate) mod imports;
pub(crate) mod report;
pub(crate) mod reproduce;
pub(crate) mod study;
pub(crate) mod train;
pub(crate) mod tune;

use crate::threads::{self, ALLOWED};
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use minima_data::{Dataset, Mnist, mnist};
use minima_experiment::machine::{Choice, Machine};
use minima_experiment::preset::{NetworkKind, Preset};
use std::path::{Path, PathBuf};

/// The committed data, verified, or another folder's.
fn load_data(folder: Option<&Path>) -> Result<Mnist> {
    match folder {
        Some(folder) => mnist::load(folder).with_context(|| format!("--data {}", folder.display())),
        None => Ok(mnist::load_default()?),
    }
}

/// Which experiment a command is about.
#[derive(Debug, Args)]
pub(crate) struct Experiment {
    /// The experiment: paper, paper-hardware, studies, extended, quick or check [default: paper to reproduce, studies to study, else extended]
    #[arg(long, conflicts_with = "config")]
    preset: Option<String>,
    /// An experiment of your own, as a TOML file; it may say `extends = "paper"`
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Change one key, such as epochs=3 or optimizers.adam.learning_rate=0.01; may be given again
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl Experiment {
    /// Whether anything was said about it.
    fn is_given(&self) -> bool {
        self.preset.is_some() || self.config.is_some() || !self.set.is_empty()
    }

    /// Whether this file is its description.
    fn is_described_by(&self, file: &Path) -> bool {
        let Some(config) = &self.config else { return false };
        config == file || matches!((config.canonicalize(), file.canonicalize()), (Ok(a), Ok(b)) if a == b)
    }

    /// Its name and what it says; where none was named, those of `default`.
    fn preset(&self, default: &str) -> Result<(String, Preset)> {
        let Some(path) = &self.config else {
            let name = self.preset.as_deref().unwrap_or(default);
            return Ok((name.to_owned(), Preset::named(name, &self.set)?));
        };
        let name = path.file_stem().map_or_else(|| "config".to_owned(), |n| n.to_string_lossy().into_owned());
        Ok((name, Preset::from_file(path, &self.set)?))
    }
}

/// What a command trains on, and with.
#[derive(Debug, Args)]
pub(crate) struct Resources {
    /// Folder with the four files of MNIST, instead of the one in the repository
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = Device::Auto)]
    device: Device,
    /// Threads to compute with [default: all]
    #[arg(long, value_parser = clap::value_parser!(u16).range(ALLOWED))]
    threads: Option<u16>,
}

impl Resources {
    /// Sets the threads, reads the data and finds the machine for this network.
    fn open(&self, network: NetworkKind) -> Result<(Mnist, Machine)> {
        threads::start(self.threads)?;
        let data = load_data(self.data.as_deref())?;
        let machine = self.device.machine(network, &data.train)?;
        Ok((data, machine))
    }
}

/// Where to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Device {
    /// The first NVIDIA GPU where there is one, else the processor
    Auto,
    /// The processor
    Cpu,
    /// The first NVIDIA GPU
    Cuda,
}

impl Device {
    /// What it comes to here, for this network on images of this data.
    fn machine(self, network: NetworkKind, data: &Dataset) -> Result<Machine> {
        let (choice, name) = match self {
            Self::Auto => (Choice::Auto, "auto"),
            Self::Cpu => (Choice::Cpu, "cpu"),
            Self::Cuda => (Choice::Cuda, "cuda"),
        };
        Machine::choose(choice, network, data).with_context(|| format!("--device {name}"))
    }
}

/// The root of the workspace that this program was compiled in.
fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

/// Does the work on one of the threads that compute: from there each parallel loop starts without waking anybody else.
fn on_a_worker<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    rayon::scope(|_| work())
}
