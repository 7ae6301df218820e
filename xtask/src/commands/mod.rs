//! The commands: each parses its flags, calls the experiment crate and prints.

pub(crate) mod attack;
pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod evaluate;
pub(crate) mod reproduce;

use anyhow::{Context, Result};
use clap::ValueEnum;
use minima_data::Dataset;
use minima_data::{Mnist, mnist};
use minima_experiment::machine::{Choice, Machine};
use minima_experiment::preset::NetworkKind;
use std::path::{Path, PathBuf};

/// The committed data, verified, or another folder's.
fn load_data(folder: Option<&Path>) -> Result<Mnist> {
    match folder {
        Some(folder) => mnist::load(folder).with_context(|| format!("--data {}", folder.display())),
        None => Ok(mnist::load_default()?),
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

/// Threads to compute with: all, or as many as asked for.
fn use_threads(threads: Option<usize>) -> Result<()> {
    let Some(threads) = threads else { return Ok(()) };
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("--threads")
}

/// Does the work on one of the threads that compute: from there each parallel loop starts without waking anybody else.
fn on_a_worker<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    rayon::scope(|_| work())
}
