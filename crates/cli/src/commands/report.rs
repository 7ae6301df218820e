//! `cargo xtask report`.

use crate::outcome::Outcome;
use crate::reference;
use anyhow::Result;
use clap::Args;
use minima_config::Parts;
use minima_report::results::Results;
use minima_report::{read_parts, write_parts_reports, write_reports};
use std::path::{Path, PathBuf};

/// Write report.md and report.html of a results folder and of its parts again from their CSV files. Missing results are omitted.
#[derive(Debug, Args)]
#[command(after_help = "Example: cargo xtask report results/paper")]
pub struct Report {
    /// A results folder written by `reproduce` or `study`
    folder: PathBuf,
}

impl Report {
    pub(crate) fn run(self) -> Result<Outcome> {
        if Parts::are_in(&self.folder) {
            return self.of_parts();
        }
        let results = Results::read(&self.folder)?;
        if self.folder.join("unfinished").exists() {
            tell_incomplete(&self.folder);
        }
        write_reports(&self.folder, &results, reference::of(&results))?;
        say!("Written to {}: report.md, report.html", self.folder.display());
        Ok(Outcome::Fine)
    }

    fn of_parts(&self) -> Result<Outcome> {
        let parts = read_parts(&self.folder, reference::of)?;
        for part in &parts {
            let place = self.folder.join(&part.name);
            match &part.results {
                None => tell!("{}: found no results; the report does not cover this part", place.display()),
                Some(_) if part.is_unfinished => tell_incomplete(&place),
                Some(_) => {}
            }
            if let Some(results) = &part.results {
                write_reports(&place, results, part.commentary)?;
            }
        }
        write_parts_reports(&self.folder, &parts)?;
        say!("Written to {}: report.md, report.html, parts.csv, and the reports of its parts", self.folder.display());
        Ok(Outcome::Fine)
    }
}

fn tell_incomplete(folder: &Path) {
    tell!("{}: the run in this folder is not complete; the report covers the results so far", folder.display());
}
