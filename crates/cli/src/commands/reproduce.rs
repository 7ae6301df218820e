//! `cargo xtask reproduce`.

use super::{Resources, Seeds, on_a_worker};
use crate::experiment_options::Experiments;
use crate::interruption::Survival;
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::reproduce::{FLAGS, Opened, Reproduction, Whole, reproduce, reproduce_parts};
use anyhow::{Context, Result};
use clap::Args;
use minima_config::preset::Preset;
use minima_config::{Parts, seed};
use minima_report::{attacks_table, models_table};
use std::path::PathBuf;

/// Train, attack and measure every model of an experiment. Write its tables, figures and reports. Several experiments become the
/// parts of one results folder, with tables across them.
#[derive(Debug, Args)]
#[command(after_help = "Example: cargo xtask reproduce --preset quick --out results/quick --set epochs=3\n\
Example: cargo xtask reproduce --preset paper --preset fashion --out results/both")]
pub struct Reproduce {
    #[command(flatten)]
    experiments: Experiments,
    /// The optimizers to train with, such as adam,sgd [default: all of the experiment]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    optimizers: Vec<String>,
    /// Seeds and ranges of seeds, such as 42,1-9 [default: the experiment's seeds]
    #[arg(long, value_parser = seed::parse_list)]
    seeds: Option<Seeds>,
    /// Results folder [default: results/NAME, with the experiment's name, or results/NAME+NAME]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    #[command(flatten)]
    resources: Resources,
    #[command(flatten)]
    survival: Survival,
}

impl Reproduce {
    pub(crate) fn run(self) -> Result<Outcome> {
        let mut presets = Vec::new();
        for (name, mut preset) in self.experiments.presets("paper")? {
            if !self.optimizers.is_empty() {
                preset = preset.with_optimizers(&self.optimizers)?;
            }
            presets.push(match &self.seeds {
                Some(seeds) => (name, preset.with_seeds(seeds.clone())?),
                None => (name, preset),
            });
        }
        match <[(String, Preset); 1]>::try_from(presets) {
            Ok([(name, preset)]) => self.one(&name, preset),
            Err(several) => self.several(several),
        }
    }

    fn one(self, name: &str, preset: Preset) -> Result<Outcome> {
        let out = self.out.unwrap_or_else(|| PathBuf::from("results").join(name));
        let (preset, data, machine) = self.resources.open(preset)?;
        let keeping = self.survival.keeping()?;
        let fresh = self.survival.fresh;
        let experiment =
            Reproduction { name, preset: &preset, machine: &machine, data: &data, out: &out, keeping: &keeping, fresh };
        let mut progress = Progress::new();
        let result = on_a_worker(|| reproduce(&experiment, &mut progress));
        progress.finish();
        let result = result?;
        say!("{}", result.summary);
        say!("Written to {}: report.html, report.md, tables, figures, checkpoints", out.display());
        Ok(Outcome::Fine)
    }

    fn several(self, presets: Vec<(String, Preset)>) -> Result<Outcome> {
        let parts = Parts::new(presets.iter().map(|(name, _)| name.clone()), FLAGS)?;
        let out = self.out.unwrap_or_else(|| PathBuf::from("results").join(parts.names().join("+")));
        self.resources.start()?;
        // Everything is opened before the first part is trained, so that a wrong part fails early.
        let mut opened = Vec::new();
        for (name, preset) in presets {
            let (preset, data, machine) = self.resources.load(preset).with_context(|| format!("part {name}"))?;
            opened.push(Opened { name, preset, data, machine });
        }
        let keeping = self.survival.keeping()?;
        let whole = Whole { parts: &parts, out: &out, keeping: &keeping, fresh: self.survival.fresh };
        let mut progress = Progress::new();
        let result = on_a_worker(|| reproduce_parts(opened, &whole, &mut progress));
        progress.finish();
        let parts = result?;
        for (title, table) in [("All models", models_table(&parts)), ("Attacks", attacks_table(&parts))] {
            if !table.rows.is_empty() {
                say!("{title}\n{}", table.to_text());
            }
        }
        say!("Written to {}: report.html, report.md, parts.csv, and a results folder for each part", out.display());
        Ok(Outcome::Fine)
    }
}
