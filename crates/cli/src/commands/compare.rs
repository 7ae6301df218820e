//! `cargo xtask compare`.

use crate::outcome::Outcome;
use anyhow::Result;
use clap::Args;
use minima_report::comparison::compare;
use std::path::PathBuf;

/// Compare two results folders, number by number, and show what differs by more than noise.
#[derive(Debug, Args)]
#[command(
    after_help = "Several seeds on both sides are tested over seeds; with one, counts of images as shares of unrelated images, and \
other numbers have a tolerance: 5 % for losses, 10 % for medians and means, 20 % for eigenvalues.\n\
Example: cargo xtask compare results/before results/after --strict"
)]
pub struct Compare {
    /// A results folder, as reproduce writes it
    a: PathBuf,
    /// Another
    b: PathBuf,
    /// Exit 1 if anything changed beyond noise, a file or row of A is gone, or nothing could be compared
    #[arg(long)]
    strict: bool,
    /// Print one JSON object and nothing else
    #[arg(long)]
    json: bool,
}

impl Compare {
    pub(crate) fn run(self) -> Result<Outcome> {
        for folder in [&self.a, &self.b] {
            if folder.join("unfinished").exists() {
                tell!("{}: the run in it has not ended", folder.display());
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
