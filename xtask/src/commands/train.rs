//! `cargo xtask train`.

use super::{Experiment, Resources, on_a_worker};
use crate::Outcome;
use crate::progress::Progress;
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use minima_experiment::atomic_file::write_atomically;
use minima_experiment::preset::DatasetKind;
use minima_experiment::records::write_csv;
use minima_experiment::training::{Run, train_one};
use std::fs;
use std::path::PathBuf;

/// Train one model and save it.
#[derive(Debug, Args)]
#[command(after_help = "Example: cargo xtask train --optimizer kfac --set epochs=3 --out kfac.safetensors")]
pub(crate) struct Train {
    /// One of the experiment's optimizers, by its name there
    #[arg(long)]
    optimizer: String,
    #[command(flatten)]
    experiment: Experiment,
    /// Labels to train on
    #[arg(long, value_enum, default_value_t = Labels::Clean)]
    labels: Labels,
    /// Decides initial weights, order of samples and poisoning [default: the experiment's first]
    #[arg(long)]
    seed: Option<u64>,
    /// The checkpoint to write; its training curve goes beside it, as CSV
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    resources: Resources,
}

/// Labels to train on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Labels {
    /// Those of the data set
    Clean,
    /// A share of them replaced by wrong ones
    Poisoned,
}

impl Train {
    pub(crate) fn run(self) -> Result<Outcome> {
        let (_, preset) = self.experiment.preset("extended")?;
        let dataset = match self.labels {
            Labels::Clean => DatasetKind::Clean,
            Labels::Poisoned => DatasetKind::Poisoned,
        };
        let seed = self.seed.unwrap_or(preset.first_seed());
        preset.optimizer(&self.optimizer)?;
        let curve = self.out.with_extension("csv");
        if curve == self.out {
            bail!(
                "--out {} ends in .csv; expected a checkpoint's name, the training curve goes there",
                curve.display()
            );
        }
        let run = Run { dataset, optimizer: self.optimizer, seed };
        let (data, machine) = self.resources.open(preset.network)?;
        if self.out.is_dir() {
            bail!("--out {} is a folder; expected a checkpoint's name", self.out.display());
        }
        if let Some(folder) = self.out.parent() {
            fs::create_dir_all(folder).with_context(|| format!("--out {}", self.out.display()))?;
        }
        let mut progress = Progress::new();
        let trained = on_a_worker(|| train_one(&machine, &preset, &run, &data, &mut progress))?;
        progress.finish();
        let model = &trained.model;
        write_atomically(&self.out, &model.graph().to_safetensors(model.params())?)?;
        write_csv(&curve, &trained.epochs)?;
        if let Some(last) = trained.epochs.last() {
            println!(
                "{}: test accuracy {:.4}, train loss {:.4} at the end of epoch {}, in {:.1} s",
                run.name(),
                last.test_accuracy,
                last.train_loss,
                last.epoch,
                trained.seconds
            );
        }
        println!("Written to {} and {}", self.out.display(), curve.display());
        Ok(Outcome::Fine)
    }
}
