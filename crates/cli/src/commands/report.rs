//! `cargo xtask report`.

use crate::outcome::Outcome;
use crate::reference;
use anyhow::Result;
use clap::Args;
use minima_report::results::Results;
use minima_report::write_reports;
use std::path::PathBuf;

/// Write report.md and report.html of a results folder again from its CSV files. Missing results are omitted.
#[derive(Debug, Args)]
#[command(after_help = "Example: cargo xtask report results/paper")]
pub struct Report {
    /// A results folder written by `reproduce` or `study`
    folder: PathBuf,
}

impl Report {
    pub(crate) fn run(self) -> Result<Outcome> {
        let results = Results::read(&self.folder)?;
        if self.folder.join("unfinished").exists() {
            tell!(
                "{}: the run in this folder is not complete; the report covers the results so far",
                self.folder.display()
            );
        }
        write_reports(&self.folder, &results, reference::of(&results))?;
        say!("Written to {}: report.md, report.html", self.folder.display());
        Ok(Outcome::Fine)
    }
}
