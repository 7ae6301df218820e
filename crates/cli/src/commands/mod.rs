//! The commands: each parses its flags, calls the crates below and prints.

pub(crate) mod attack;
pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod data;
pub(crate) mod evaluate;
pub(crate) mod network;
mod network_files;
pub(crate) mod report;
pub(crate) mod reproduce;
pub(crate) mod study;
pub(crate) mod train;
pub(crate) mod tune;

use crate::data_options::DataOptions;
use crate::threads::{self, ALLOWED};
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use minima_autodiff::Graph;
use minima_config::preset::Preset;
use minima_data::Splits;
use minima_runs::machine::{Choice, Machine};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Seeds of one argument. The name keeps the parser of arguments from taking one number an element.
type Seeds = Vec<u64>;

/// Options that select an experiment.
#[derive(Debug, Args)]
pub(crate) struct Experiment {
    /// The experiment: paper, standard, fashion, cifar10, paper-hardware, studies, extended, quick or check [default: paper for reproduce, studies for study,
    /// else extended]
    #[arg(long, conflicts_with = "config")]
    preset: Option<String>,
    /// Read the experiment from a TOML file, which may contain `extends = "paper"`
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Set one key, such as epochs=3 or optimizers.adam.learning_rate=0.01; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// The network: a name of the zoo, a registered name, or the file of a description [default: the experiment's]
    #[arg(long, value_name = "NAME|FILE")]
    network: Option<String>,
    /// Epochs of training [default: the experiment's]
    #[arg(long)]
    epochs: Option<u32>,
    /// Images in a step [default: the experiment's]
    #[arg(long)]
    batch_size: Option<usize>,
}

impl Experiment {
    /// Whether any of the options was given.
    fn is_given(&self) -> bool {
        self.preset.is_some() || self.config.is_some() || !self.overrides().is_empty()
    }

    /// Whether this file is the one given with `--config`.
    fn is_described_by(&self, file: &Path) -> bool {
        let Some(config) = &self.config else { return false };
        config == file || matches!((config.canonicalize(), file.canonicalize()), (Ok(a), Ok(b)) if a == b)
    }

    /// The keys that the options set.
    fn overrides(&self) -> Vec<String> {
        let mut overrides = self.set.clone();
        overrides
            .extend(self.network.as_ref().map(|network| format!("network={}", toml::Value::from(network.as_str()))));
        overrides.extend(self.epochs.map(|epochs| format!("epochs={epochs}")));
        overrides.extend(self.batch_size.map(|images| format!("batch_size={images}")));
        overrides
    }

    /// The experiment's name and preset; without a choice, the preset `default`.
    fn preset(&self, default: &str) -> Result<(String, Preset)> {
        self.preset_with(default, &[])
    }

    /// The experiment's name and preset, with further keys.
    fn preset_with(&self, default: &str, keys: &[String]) -> Result<(String, Preset)> {
        let overrides = [self.overrides(), keys.to_vec()].concat();
        let Some(path) = &self.config else {
            let name = self.preset.as_deref().unwrap_or(default);
            return Ok((name.to_owned(), Preset::named(name, &overrides)?));
        };
        let name = path.file_stem().map_or_else(|| "config".to_owned(), |n| n.to_string_lossy().into_owned());
        Ok((name, Preset::from_file(path, &overrides)?))
    }
}

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
    /// Starts the threads, loads the data, and chooses the device for the experiment's network. Returns the experiment on this
    /// data.
    fn open(&self, preset: Preset) -> Result<(Preset, Splits, Machine)> {
        threads::start(self.compute.threads)?;
        let (preset, data) = on_its_data(preset, &self.data)?;
        let machine = self.compute.device.machine(&preset.network.graph(&data.train)?)?;
        Ok((preset, data, machine))
    }
}

/// The experiment on the data that the options or the experiment name.
fn on_its_data(preset: Preset, options: &DataOptions) -> Result<(Preset, Splits)> {
    let (source, data) = options.load(preset.data.as_ref())?;
    let preset = Preset { data: Some(source), ..preset }.on_data(&data)?;
    Ok((preset, data))
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
    /// The device for this network.
    fn machine(self, graph: &Arc<Graph>) -> Result<Machine> {
        let (choice, name) = match self {
            Self::Auto => (Choice::Auto, "auto"),
            Self::Cpu => (Choice::Cpu, "cpu"),
            Self::Cuda => (Choice::Cuda, "cuda"),
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
