//! `poison`: what wrong labels do, by how many there are and how they are made.

use super::{Job, StudyOptions};
use crate::error::ExperimentError;
use crate::preset::{DatasetKind, Flips};
use crate::training::Run;

/// The targeted flips: sevens that are called ones.
const TARGETED: Flips = Flips::Targeted { from: 7, to: 1 };

/// A run for each seed, kind of flips, rate and optimizer; at rate 0 the clean one, once.
pub(super) fn jobs(options: &StudyOptions) -> Result<Vec<Job>, ExperimentError> {
    let mut jobs: Vec<Job> = Vec::new();
    for &seed in &options.preset.seeds {
        for poison_flips in [Flips::Uniform, TARGETED] {
            for &poison_rate in &options.rates {
                for optimizer in options.chosen() {
                    let dataset = if poison_rate > 0.0 { DatasetKind::Poisoned } else { DatasetKind::Clean };
                    let preset = crate::preset::Preset { poison_rate, poison_flips, ..options.preset.clone() };
                    let job = Job::new(&preset, Run { dataset, optimizer: optimizer.to_owned(), seed })?;
                    if !jobs.iter().any(|other| other.name == job.name) {
                        jobs.push(job);
                    }
                }
            }
        }
    }
    Ok(jobs)
}
