//! `cargo xtask compare`.

use crate::outcome::Outcome;
use anyhow::Result;
use clap::Args;
use minima_config::Parts;
use minima_report::comparison::{compare, compare_parts};
use serde::Serialize;
use std::fmt::Display;
use std::path::{Path, PathBuf};

/// Compare two results folders and show what differs by more than noise. Folders with parts are compared part by part.
#[derive(Debug, Args)]
#[command(
    after_help = "With several seeds on both sides, numbers are tested across seeds. With one seed, counts of images are tested as proportions of \
independent images, and other numbers have a tolerance: 5 % for losses, 10 % for medians and means, 20 % for eigenvalues.\n\
Example: cargo xtask compare results/before results/after --strict"
)]
pub struct Compare {
    /// A results folder written by `reproduce` or `study`
    a: PathBuf,
    /// The results folder to compare it with
    b: PathBuf,
    /// Exit with 1 if anything changed beyond noise, a part, file or row of A is missing, or nothing could be compared
    #[arg(long)]
    strict: bool,
    /// Print a single JSON object
    #[arg(long)]
    json: bool,
}

impl Compare {
    pub(crate) fn run(self) -> Result<Outcome> {
        for folder in [&self.a, &self.b] {
            tell_if_unfinished(folder);
            for part in Parts::read(folder)?.iter().flat_map(Parts::names) {
                tell_if_unfinished(&folder.join(part));
            }
        }
        if [&self.a, &self.b].into_iter().any(|folder| Parts::are_in(folder)) {
            let comparison = compare_parts(&self.a, &self.b)?;
            return self.said(&comparison, comparison.changed() || !comparison.compared());
        }
        let comparison = compare(&self.a, &self.b)?;
        self.said(&comparison, comparison.changed() || !comparison.compared())
    }

    fn said(&self, comparison: &(impl Display + Serialize), found: bool) -> Result<Outcome> {
        if self.json {
            say!("{}", serde_json::to_string(comparison)?);
        } else {
            say!("{comparison}");
        }
        Ok(if self.strict && found { Outcome::Found } else { Outcome::Fine })
    }
}

fn tell_if_unfinished(folder: &Path) {
    if folder.join("unfinished").exists() {
        tell!("{}: the run in this folder is not complete", folder.display());
    }
}
