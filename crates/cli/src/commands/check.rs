//! `cargo xtask check`.

use super::{on_a_worker, on_its_data, workspace_root};
use crate::data_options::DataOptions;
use crate::outcome::Outcome;
use crate::progress::Progress;
use anyhow::Result;
use clap::Args;
use minima_config::preset::Preset;
use minima_gate::{bless, check};
use std::path::PathBuf;

/// Train each optimizer for a few hundred steps and compare with recorded values.
#[derive(Debug, Args)]
#[command(
    after_help = "Exits with 1 and names the numbers that are outside their tolerance.\nExample: cargo xtask check --baseline my/accuracy.csv --bless"
)]
pub struct Check {
    /// File with the recorded values [default: tests/baselines/accuracy.csv of this workspace]
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Record the measured values instead of comparing; existing tolerances are preserved
    #[arg(long)]
    bless: bool,
}

impl Check {
    pub(crate) fn run(self) -> Result<Outcome> {
        let baseline = self.baseline.unwrap_or_else(|| workspace_root().join("tests/baselines/accuracy.csv"));
        let (_, data) = on_its_data(Preset::named("check", &[])?, &DataOptions::default())?;
        let mut progress = Progress::new();
        if self.bless {
            let rows = on_a_worker(|| bless(&baseline, &data, &mut progress))?;
            progress.finish();
            say!("Wrote {rows} rows to {}", baseline.display());
            return Ok(Outcome::Fine);
        }
        let verdict = on_a_worker(|| check(&baseline, &data, &mut progress))?;
        progress.finish();
        say!("{}", verdict.table);
        if verdict.moved.is_empty() {
            say!("All numbers are within tolerance.");
            return Ok(Outcome::Fine);
        }
        let moved: Vec<String> = verdict.moved.iter().map(ToString::to_string).collect();
        say!("Outside tolerance: {}", moved.join(", "));
        Ok(Outcome::Found)
    }
}
