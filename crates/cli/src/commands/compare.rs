//! `cargo xtask compare`.

use crate::outcome::Outcome;
use anyhow::Result;
use clap::Args;
use minima_report::comparison::compare;
use std::path::PathBuf;

/// Compare two results folders and show what differs by more than noise.
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
    /// Exit with 1 if anything changed beyond noise, a file or row of A is missing, or nothing could be compared
    #[arg(long)]
    strict: bool,
    /// Print a single JSON object
    #[arg(long)]
    json: bool,
}

impl Compare {
    pub(crate) fn run(self) -> Result<Outcome> {
        for folder in [&self.a, &self.b] {
            if folder.join("unfinished").exists() {
                tell!("{}: the run in this folder is not complete", folder.display());
            }
        }
        let comparison = compare(&self.a, &self.b)?;
        if self.json {
            say!("{}", serde_json::to_string(&comparison)?);
        } else {
            say!("{comparison}");
        }
        Ok(if self.strict && (comparison.changed() || !comparison.compared()) { Outcome::Found } else { Outcome::Fine })
    }
}
