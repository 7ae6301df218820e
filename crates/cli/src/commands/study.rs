//! `cargo xtask study`.

use super::study_options::{Varied, named, seeds_of};
use super::{Device, Seeds, on_its_data};
use crate::data_options::DataOptions;
use crate::experiment_options::Experiment;
use crate::interruption::Survival;
use crate::outcome::Outcome;
use crate::reference;
use crate::threads::{self, ALLOWED};
use anyhow::{Result, bail};
use clap::Args;
use minima_config::{Parts, seed};
use minima_paper::PAPER;
use minima_report::results::Results;
use minima_report::{Reference, write_reports};
use minima_rows::significant::decimal;
use minima_runs::RunError;
use minima_runs::machine::Machine;
use minima_studies::{StudyError, StudyEvent, StudyOptions, claim, gather_study, run_study};
use std::path::PathBuf;
use std::time::Duration;

/// Run a study: many experiments that differ in one setting, as independent jobs on all cores. Completed runs are not trained
/// again. All studies of a folder share their runs. Measures on the CPU.
#[derive(Debug, Args)]
#[command(after_help = "Example: cargo xtask study seeds --seeds 42,1,2 --out results/paper")]
pub struct Study {
    /// The studies to run, in this order [possible: seeds, matched, poison, damping, precision, landscape, logit-scale, predictors, radii]
    #[arg(required = true)]
    names: Vec<String>,
    #[command(flatten)]
    experiment: Experiment,
    /// Seeds and ranges of seeds, such as 42,1-9 [default: the experiment's first ten; five for precision and radii, three for poison and landscape, one
    /// for damping]
    #[arg(long, value_parser = seed::parse_list)]
    seeds: Option<Seeds>,
    #[command(flatten)]
    varied: Varied,
    /// Results folder; the studies are written to its subfolder `studies`
    #[arg(long, value_name = "FOLDER", default_value = "results/paper")]
    out: PathBuf,
    #[command(flatten)]
    data: DataOptions,
    /// The device to train on; the study precision is always trained on the CPU
    #[arg(long, value_enum, default_value_t = Device::Auto)]
    device: Device,
    /// Number of concurrent runs, one thread each [default: one per core]
    #[arg(long, value_parser = clap::value_parser!(u16).range(ALLOWED))]
    threads: Option<u16>,
    /// Measure the runs that the folder holds, and train none
    #[arg(long, conflicts_with = "fresh")]
    stored: bool,
    #[command(flatten)]
    survival: Survival,
}

impl Study {
    pub(crate) fn run(self) -> Result<Outcome> {
        let studies = named(&self.names)?;
        let (_, preset) = self.experiment.preset("studies")?;
        let threads = self.threads.map_or_else(threads::cores, usize::from);
        threads::check(threads, "--threads")?;
        let (preset, data) = on_its_data(preset, &self.data)?;
        if let Some(study) = studies.iter().find(|study| study.is_about_the_cpu() && self.device.products().is_some()) {
            bail!("--device is cuda with the study {}; expected cpu, whose arithmetics it compares", study.name());
        }
        // A study of the CPU needs no GPU.
        let machine = match studies.iter().all(|study| study.is_about_the_cpu()) {
            true => Machine::Processor,
            false => self.device.machine(&preset.network.graph(&data.train)?)?,
        };
        let mut options = StudyOptions::new(preset, PAPER.claims(), threads);
        self.varied.change(&mut options, &studies)?;
        Parts::refuse(&self.out)?;
        let (folder, moved) = claim(&self.out, self.survival.fresh)?;
        if let Some(moved) = moved {
            tell!("moved the existing results to {}", moved.display());
        }
        let keeping = self.survival.keeping()?;
        let mut found = Outcome::Fine;
        let mut failed_study = None;
        for (left, study) in (0..studies.len()).rev().zip(studies) {
            let seeds = seeds_of(study, self.seeds.as_ref(), &options.preset);
            let options = StudyOptions { preset: options.preset.clone().with_seeds(seeds)?, ..options.clone() };
            let failed = std::sync::atomic::AtomicBool::new(false);
            let listener = |event: StudyEvent<'_>| {
                if matches!(event, StudyEvent::Failed { .. }) {
                    failed.store(true, std::sync::atomic::Ordering::Relaxed);
                }
                tell(&event);
            };
            let machine = if study.is_about_the_cpu() { &Machine::Processor } else { &machine };
            if matches!(machine, Machine::Gpu(_)) {
                tell!("{}: trained on {}", study.name(), machine.name());
            }
            let done = if self.stored {
                gather_study(study, &options, &data, &folder, &[], &keeping, &listener)
            } else {
                run_study(study, &options, &data, machine, &folder, &keeping, &listener)
            };
            match done {
                Ok(()) => {
                    let results = Results::read(&self.out)?;
                    write_reports(&self.out, &results, reference::of(&results))?;
                }
                Err(stopped @ StudyError::Run(RunError::Interrupted { .. })) => return Err(stopped.into()),
                Err(error) if left > 0 => {
                    tell!("{}: failed: {error}", study.name());
                    failed_study.get_or_insert(error);
                }
                Err(error) => return Err(error.into()),
            }
            if failed.into_inner() {
                found = Outcome::Found;
            }
        }
        if let Some(error) = failed_study {
            return Err(error.into());
        }
        say!("Written to {}: report.html, report.md, studies", self.out.display());
        Ok(found)
    }
}

pub(super) fn tell(event: &StudyEvent<'_>) {
    match event {
        StudyEvent::Planned { missing, of } => tell!("{missing} of {of} runs remain to be trained"),
        StudyEvent::Epoch { run, epochs, row, left } => tell!(
            "{run} epoch {}/{epochs}: train loss {}, test accuracy {:.4}{}",
            row.epoch,
            decimal(row.train_loss, 4),
            row.test_accuracy,
            remaining(*left)
        ),
        StudyEvent::Trained { run, seconds, left } => tell!("{run}: trained in {seconds:.1} s{}", remaining(*left)),
        StudyEvent::Failed { run, error } => tell!("{run}: failed: {error}"),
        StudyEvent::Measured { run, done, of } => tell!("[{done}/{of}] {run}: measured"),
        StudyEvent::Stage(stage) => tell!("{stage}"),
    }
}

/// "; 12 min left".
pub(super) fn remaining(left: Option<Duration>) -> String {
    left.map_or_else(String::new, |left| format!("; {:.1} min left", left.as_secs_f64() / 60.0))
}
