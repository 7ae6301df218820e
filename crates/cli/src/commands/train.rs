//! `cargo xtask train`.

use super::{Resources, on_a_worker};
use crate::experiment_options::Experiment;
use crate::interruption::Survival;
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::train_run::TrainRequest;
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use minima_config::Labels;
use minima_config::Run;
use minima_config::Start;
use minima_config::preset::Preset;
use minima_config::seed;
use minima_rows::significant::decimal;
use minima_runs::RunError;
use minima_runs::checkpoint::Origin;
use minima_store::sha256;
use std::fs;
use std::path::{Path, PathBuf};

/// Train one model and save it.
#[derive(Debug, Args)]
#[command(after_help = "Example: cargo xtask train --optimizer kfac --set epochs=3 --out kfac.safetensors")]
pub struct Train {
    /// Name of one of the experiment's optimizers
    #[arg(long)]
    optimizer: String,
    #[command(flatten)]
    experiment: Experiment,
    /// The optimizer's learning rate [default: the experiment's]
    #[arg(long)]
    learning_rate: Option<f64>,
    /// The training labels
    #[arg(long, value_enum, default_value_t = LabelChoice::Clean)]
    labels: LabelChoice,
    /// Seed of initial weights, sample order and poisoned labels [default: the experiment's first seed]
    #[arg(long, value_parser = seed::parse)]
    seed: Option<u64>,
    /// Start from the weights of this checkpoint, and train its network, instead of starting from random weights
    #[arg(long, value_name = "FILE")]
    start: Option<PathBuf>,
    /// The checkpoint to write. Its training curve (CSV) and configuration (TOML) are written next to it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    resources: Resources,
    #[command(flatten)]
    survival: Survival,
}

/// The training labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LabelChoice {
    /// The labels of the data set
    Clean,
    /// The labels of the data set, with a fraction replaced by wrong labels
    Poisoned,
}

/// The experiment with the network and the weights of a checkpoint. A checkpoint that does not name its network is one of the
/// experiment's.
fn starting_from(mut preset: Preset, start: &Path) -> Result<Preset> {
    if let Some(origin) = Origin::read(start).map_err(RunError::from)? {
        preset.network = origin.choice(start)?;
    }
    let bytes = fs::read(start).with_context(|| format!("--start {}", start.display()))?;
    preset.training.start = Some(Start { path: start.to_owned(), sha256: sha256(&bytes) });
    Ok(preset)
}

impl Train {
    pub(crate) fn run(self) -> Result<Outcome> {
        let learning_rate =
            self.learning_rate.map(|rate| format!("optimizers.{}.learning_rate={rate}", self.optimizer));
        let (_, preset) = self.experiment.preset_with("extended", learning_rate.as_slice())?;
        let preset = match &self.start {
            Some(start) => starting_from(preset, start)?,
            None => preset,
        };
        let labels = match self.labels {
            LabelChoice::Clean => Labels::Clean,
            LabelChoice::Poisoned => Labels::Poisoned,
        };
        let seed = self.seed.unwrap_or(preset.first_seed());
        preset.optimizer(&self.optimizer)?;
        if let Some(ending) =
            self.out.extension().filter(|e| ["csv", "toml", "unfinished"].map(AsRef::as_ref).contains(e))
        {
            let (out, ending) = (self.out.display(), ending.to_string_lossy());
            bail!(
                "--out {out} ends in .{ending}; expected another extension, because the training curve and configuration are written next to it"
            );
        }
        let beside = self.out.with_extension("toml");
        if self.experiment.is_described_by(&beside) {
            bail!(
                "--out {} would write its configuration to {}, which is the file of --config; expected another name",
                self.out.display(),
                beside.display()
            );
        }
        let run = Run { labels, optimizer: self.optimizer, seed };
        let (preset, data, machine) = self.resources.open(preset)?;
        if self.out.is_dir() {
            bail!("--out {} is a folder; expected a file name", self.out.display());
        }
        if let Some(folder) = self.out.parent() {
            fs::create_dir_all(folder).with_context(|| format!("--out {}", self.out.display()))?;
        }
        let keeping = self.survival.keeping()?;
        let (checkpoint, fresh) = (self.out.as_path(), self.survival.fresh);
        let request = TrainRequest {
            preset: &preset,
            run: &run,
            machine: &machine,
            data: &data,
            checkpoint,
            keeping: &keeping,
            fresh,
        };
        let mut progress = Progress::new();
        let trained = on_a_worker(|| request.train(&mut progress));
        progress.finish();
        let trained = trained?;
        if let Some(last) = trained.epochs.last() {
            say!(
                "{}: test accuracy {:.4}, train loss {} at the end of epoch {}, in {:.1} s",
                run.name(),
                last.test_accuracy,
                decimal(last.train_loss, 4),
                last.epoch,
                trained.seconds
            );
        }
        say!("Written to {} and {}", checkpoint.display(), request.curve().display());
        Ok(Outcome::Fine)
    }
}
