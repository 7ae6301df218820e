//! `cargo xtask compare`.

use crate::checkpoints::CheckpointOptions;
use crate::model_comparison::ModelComparison;
use crate::outcome::Outcome;
use crate::threads;
use anyhow::{Result, bail};
use clap::Args;
use minima_config::Parts;
use minima_report::comparison::{compare, compare_parts};
use serde::Serialize;
use std::fmt::Display;
use std::path::{Path, PathBuf};

/// Compare two results folders and show what differs by more than noise, or two models on the same images
///
/// Folders with parts are compared part by part. With --model twice, the logits and the classes of two models are compared on the
/// test images.
#[derive(Debug, Args)]
#[command(
    after_help = "With several seeds on both sides, numbers are tested across seeds. With one seed, counts of images are tested as proportions of \
independent images, and other numbers have a tolerance: 5 % for losses, 10 % for medians and means, 20 % for eigenvalues.\n\
Example: cargo xtask compare results/before results/after --strict\n\
Example: cargo xtask compare --model mine.onnx --model mine.safetensors --data photos"
)]
pub struct Compare {
    /// A results folder written by `reproduce` or `study`
    #[arg(required_unless_present = "models")]
    a: Option<PathBuf>,
    /// The results folder to compare it with
    #[arg(required_unless_present = "models")]
    b: Option<PathBuf>,
    /// A model, a checkpoint or an ONNX file; given twice
    #[arg(long = "model", value_name = "FILE", conflicts_with_all = ["a", "b"])]
    models: Vec<PathBuf>,
    #[command(flatten)]
    checkpoint: CheckpointOptions,
    /// Exit with 1 if anything changed beyond noise, a part, file or row of A is missing, nothing could be compared, or two models
    /// classify an image differently
    #[arg(long)]
    strict: bool,
    /// Print a single JSON object
    #[arg(long)]
    json: bool,
}

impl Compare {
    pub(crate) fn run(self) -> Result<Outcome> {
        let (a, b) = match (&self.a, &self.b) {
            (Some(a), Some(b)) => (a, b),
            _ => return self.models(),
        };
        for folder in [a, b] {
            tell_if_unfinished(folder);
            for part in Parts::read(folder)?.iter().flat_map(Parts::names) {
                tell_if_unfinished(&folder.join(part));
            }
        }
        if [a, b].into_iter().any(|folder| Parts::are_in(folder)) {
            let comparison = compare_parts(a, b)?;
            return self.said(&comparison, comparison.changed() || !comparison.compared());
        }
        let comparison = compare(a, b)?;
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

    /// Compares two models.
    fn models(&self) -> Result<Outcome> {
        threads::start(None)?;
        let paths: Vec<&Path> = self.models.iter().map(PathBuf::as_path).collect();
        let [_, _] = paths[..] else { bail!("found --model {} times; expected it twice", paths.len()) };
        let (data, checkpoints) = self.checkpoint.open(&paths)?;
        let [a, b] = &checkpoints[..] else { bail!("found {} models; expected two", checkpoints.len()) };
        let comparison = ModelComparison::of(a, b, &data.test)?;
        self.said(&comparison, comparison.same_class < comparison.images)
    }
}

fn tell_if_unfinished(folder: &Path) {
    if folder.join("unfinished").exists() {
        tell!("{}: the run in this folder is not complete", folder.display());
    }
}
