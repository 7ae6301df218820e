//! `seeds`: what is luck. The paper's experiment from several seeds.

use super::{Job, StudyOptions};
use crate::error::ExperimentError;
use crate::training::Run;

/// A run for each seed, labels and optimizer.
pub(super) fn jobs(options: &StudyOptions) -> Result<Vec<Job>, ExperimentError> {
    let chosen = options.chosen();
    let runs = Run::all(&options.preset).into_iter().filter(|run| chosen.contains(&run.optimizer.as_str()));
    runs.map(|run| Job::new(&options.preset, run)).collect()
}
