//! The hash of everything that decides the bytes of a job's results.

use super::settings::Settings;
use crate::error::StudyError;
use minima_config::Labels;
use minima_config::preset::{Flips, Preset};
use minima_runs::Job;
use minima_store::sha256;
use serde::Serialize;

/// Everything that decides the bytes of a job's results.
#[derive(Serialize)]
struct Deciding<'a> {
    numerics: &'a str,
    linear_algebra: &'a str,
    device: &'a str,
    /// The studies that measure the run.
    studies: &'a [String],
    labels: Labels,
    optimizer: &'a str,
    seed: u64,
    preset: &'a Preset,
}

/// The hash of a job, whose preset is on its data: the hashes of the data's files decide, and not where they are.
pub(super) fn hash(job: &Job, studies: &[String], settings: &Settings) -> Result<String, StudyError> {
    let mut preset = Preset { data: None, data_name: None, ..job.preset.clone() };
    if job.run.labels == Labels::Clean {
        // Without wrong labels, their share decides nothing.
        preset.poison_rate = 0.0;
        preset.poison_flips = Flips::Uniform;
    }
    let deciding = Deciding {
        numerics: &settings.numerics,
        linear_algebra: &settings.linear_algebra,
        device: settings.device.name(),
        studies,
        labels: job.run.labels,
        optimizer: &job.run.optimizer,
        seed: job.run.seed,
        preset: &preset,
    };
    let bytes = serde_json::to_vec(&deciding).map_err(|error| StudyError::Settings {
        what: "job",
        found: error.to_string(),
        expected: "settings that can be written as JSON".to_owned(),
    })?;
    Ok(sha256(&bytes))
}
