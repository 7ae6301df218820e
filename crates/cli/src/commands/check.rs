//! `cargo xtask check`.

use super::{load_data, on_a_worker, workspace_root};
use crate::check::{bless, check};
use crate::outcome::Outcome;
use crate::progress::Progress;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

/// Train each optimizer for a few hundred steps and compare with the recorded accuracies.
#[derive(Debug, Args)]
#[command(
    after_help = "Exits 1 and names what moved when something did.\nExample: cargo xtask check --baseline my/accuracy.csv --bless"
)]
pub struct Check {
    /// The recorded accuracies [default: tests/baselines/accuracy.csv of this workspace]
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Record what is measured now instead of comparing; tolerances are kept
    #[arg(long)]
    bless: bool,
}

impl Check {
    pub(crate) fn run(self) -> Result<Outcome> {
        let baseline = self.baseline.unwrap_or_else(|| workspace_root().join("tests/baselines/accuracy.csv"));
        let data = load_data(None)?;
        let mut progress = Progress::new();
        if self.bless {
            let rows = on_a_worker(|| bless(&baseline, &data, &mut progress))?;
            progress.finish();
            say!("{rows} rows written to {}", baseline.display());
            return Ok(Outcome::Fine);
        }
        let verdict = on_a_worker(|| check(&baseline, &data, &mut progress))?;
        progress.finish();
        say!("{}", verdict.table);
        if verdict.moved.is_empty() {
            say!("Nothing has moved beyond its tolerance.");
            return Ok(Outcome::Fine);
        }
        let moved: Vec<String> = verdict.moved.iter().map(ToString::to_string).collect();
        say!("Moved beyond its tolerance: {}", moved.join(", "));
        Ok(Outcome::Found)
    }
}
