//! `cargo xtask reproduce`.

use super::{Experiment, Resources, Seeds, on_a_worker};
use crate::interruption::Survival;
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::reproduce::{Reproduction, reproduce};
use anyhow::Result;
use clap::Args;
use minima_config::seed;
use std::path::PathBuf;

/// Train, attack and measure every model of an experiment. Write its tables, figures and reports.
#[derive(Debug, Args)]
#[command(after_help = "Example: cargo xtask reproduce --preset quick --out results/quick --set epochs=3")]
pub struct Reproduce {
    #[command(flatten)]
    experiment: Experiment,
    /// Seeds and ranges of seeds, such as 42,1-9 [default: the experiment's seeds]
    #[arg(long, value_parser = seed::parse_list)]
    seeds: Option<Seeds>,
    /// Results folder [default: results/NAME, with the experiment's name]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    #[command(flatten)]
    resources: Resources,
    #[command(flatten)]
    survival: Survival,
}

impl Reproduce {
    pub(crate) fn run(self) -> Result<Outcome> {
        let (name, mut preset) = self.experiment.preset("paper")?;
        if let Some(seeds) = self.seeds {
            preset = preset.with_seeds(seeds)?;
        }
        let out = self.out.unwrap_or_else(|| PathBuf::from("results").join(&name));
        let (preset, data, machine) = self.resources.open(preset)?;
        let keeping = self.survival.keeping()?;
        let fresh = self.survival.fresh;
        let experiment = Reproduction {
            name: &name,
            preset: &preset,
            machine: &machine,
            data: &data,
            out: &out,
            keeping: &keeping,
            fresh,
        };
        let mut progress = Progress::new();
        let result = on_a_worker(|| reproduce(&experiment, &mut progress));
        progress.finish();
        let result = result?;
        say!("{}", result.summary);
        say!("Written to {}: report.html, report.md, tables, figures, checkpoints", out.display());
        Ok(Outcome::Fine)
    }
}
