//! `cargo xtask report`.

use crate::outcome::Outcome;
use anyhow::Result;
use clap::Args;
use minima_paper::PAPER;
use minima_report::results::Results;
use minima_report::write_reports;
use std::path::PathBuf;

/// Make report.md and report.html of a folder of results again, from its CSV files alone. What is not there is left out.
#[derive(Debug, Args)]
#[command(after_help = "Example: cargo xtask report results/paper")]
pub struct Report {
    /// A folder that `reproduce` or `study` has written to
    folder: PathBuf,
}

impl Report {
    pub(crate) fn run(self) -> Result<Outcome> {
        let results = Results::read(&self.folder)?;
        if self.folder.join("unfinished").exists() {
            tell!("{}: the run in it has not ended; what its report says is of what is there", self.folder.display());
        }
        write_reports(&self.folder, &results, Some(&PAPER))?;
        say!("Written to {}: report.md, report.html", self.folder.display());
        Ok(Outcome::Fine)
    }
}
