//! `cargo xtask imports`.

use super::workspace_root;
use anyhow::Result;
use clap::Args;
use minima_cli::{Outcome, say};
use minima_upkeep::imports;

/// Find import cycles between source files of a crate, and files that no module declares.
#[derive(Debug, Args)]
#[command(
    after_help = "Exits with 1 and prints the files and imports of each cycle, and the files that the compiler does not read."
)]
pub(crate) struct Imports {}

impl Imports {
    pub(crate) fn run(self) -> Result<Outcome> {
        let report = imports::check(&workspace_root())?;
        report.cycles.iter().for_each(|cycle| say!("{cycle}"));
        report.undeclared.iter().for_each(|file| say!("{}: no module declares this file", file.display()));
        if !(report.cycles.is_empty() && report.undeclared.is_empty()) {
            return Ok(Outcome::Found);
        }
        say!("{} source files, no import cycles.", report.files);
        Ok(Outcome::Fine)
    }
}
