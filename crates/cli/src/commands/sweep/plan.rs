//! `cargo xtask sweep plan`.

use super::super::study_options::{Varied, named, seeds_of};
use super::super::{Seeds, on_its_data};
use super::duration::duration;
use crate::data_options::DataOptions;
use crate::experiment_options::Experiment;
use crate::outcome::Outcome;
use crate::threads;
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use minima_config::preset::Preset;
use minima_config::{Parts, seed};
use minima_paper::PAPER;
use minima_report::Reference;
use minima_store::free_name;
use minima_studies::StudyOptions;
use minima_studies::sweep::{Device, Settings, plan};
use minima_sweep::{Plan, sweep_folder};
use std::path::PathBuf;

/// Write the list of jobs of studies, or of a grid over keys of an experiment: a job for each run. The file of `--config` may have a
/// table `[grid]`.
#[derive(Debug, Args)]
#[command(after_help = "Example: cargo xtask sweep plan --study seeds,matched --seeds 1-20 --out results/seeds\n\
Example: cargo xtask sweep plan --preset quick --seeds 1-20 --grid 'batch_size=[64, 128]' --out results/batches")]
pub(super) struct PlanSweep {
    /// The studies, separated by commas [possible: seeds, matched, poison, damping, precision, landscape, logit-scale, predictors, radii]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', conflicts_with = "grid")]
    study: Vec<String>,
    /// A key of the experiment with the values that it takes, such as 'epochs=[2, 4]'; may be repeated for every combination
    #[arg(long, value_name = "KEY=[VALUES]")]
    grid: Vec<String>,
    #[command(flatten)]
    experiment: Experiment,
    /// Seeds and ranges of seeds, such as 42,1-9 [default: the experiment's, for studies as many as `study` takes]
    #[arg(long, value_parser = seed::parse_list)]
    seeds: Option<Seeds>,
    #[command(flatten)]
    varied: Varied,
    /// Results folder; the plan is written to its subfolder `sweep`
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    #[command(flatten)]
    data: DataOptions,
    /// The device that trains the models, on each host
    #[arg(long, value_enum, default_value_t = Trainer::Cpu)]
    device: Trainer,
    /// Estimate the costs without timing steps
    #[arg(long)]
    untimed: bool,
    /// Move an existing plan aside, to a name with `before` and a number; completed runs stay
    #[arg(long)]
    fresh: bool,
}

/// The kind of device that trains models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Trainer {
    /// The CPU
    Cpu,
    /// The first NVIDIA GPU of the host
    Cuda,
}

impl PlanSweep {
    pub(super) fn run(self) -> Result<Outcome> {
        let studies = named(&self.study)?;
        let device = match self.device {
            Trainer::Cpu => Device::Cpu,
            Trainer::Cuda => Device::Cuda,
        };
        Parts::refuse(&self.out)?;
        let folder = sweep_folder(&self.out);
        threads::start(None)?;
        let settings = if studies.is_empty() {
            let (preset, mut grid) = self.experiment.with_grid("paper")?;
            for axis in &self.grid {
                grid.add(axis)?;
            }
            let preset = match &self.seeds {
                Some(seeds) => preset.with_seeds(seeds.clone())?,
                None => preset,
            };
            let data = self.data.source(preset.data.as_ref());
            // Only the studies vary these.
            let mut none = StudyOptions::new(preset.clone(), &[], 1);
            self.varied.change(&mut none, &[])?;
            Settings::of_grid(&Preset { data, ..preset }, grid, none.optimizers, device)?
        } else {
            let (_, preset) = self.experiment.preset("studies")?;
            let (preset, _) = on_its_data(preset, &self.data)?;
            let mut options = StudyOptions::new(preset, PAPER.claims(), 1);
            self.varied.change(&mut options, &studies)?;
            let seeds = |study| seeds_of(study, self.seeds.as_ref(), &options.preset);
            let studies: Vec<_> = studies.iter().map(|study| (*study, seeds(*study))).collect();
            Settings::of_studies(&options, &studies, device)?
        };
        let jobs = plan(&settings, !self.untimed)?;
        if self.fresh && folder.exists() {
            let aside = free_name(&folder);
            std::fs::rename(&folder, &aside).with_context(|| format!("moving {} aside", folder.display()))?;
            tell!("moved the existing plan to {}", aside.display());
        }
        let cost: f64 = jobs.iter().map(|job| job.cost_seconds).sum();
        let is_there = Plan::is_in(&folder);
        let plan = Plan::write(&folder, settings.to_json()?, jobs)?;
        let written = if is_there { "Already planned in" } else { "Written to" };
        say!("{} jobs, about {} of training on one host. {written} {}", plan.count(), duration(cost), folder.display());
        Ok(Outcome::Fine)
    }
}
