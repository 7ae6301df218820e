//! The tables of a sweep, from the jobs that are done.

use super::data::Loaded;
use super::grid_tables;
use super::settings::{Content, Settings};
use crate::error::StudyError;
use crate::progress::Listener;
use crate::study::gather_study;
use minima_rows::{Claim, FailureRow};
use minima_runs::training::Keeping;
use minima_store::ResultsFolder;
use minima_sweep::{JobState, PlannedJob, Sweep};

/// The jobs of a sweep by their states, after its tables were made.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// The jobs that are done.
    pub done: Vec<PlannedJob>,
    /// The failed jobs, with their errors.
    pub failed: Vec<(PlannedJob, String)>,
    /// The jobs that wait or are claimed.
    pub missing: Vec<(PlannedJob, JobState)>,
}

/// Makes the tables of a sweep from the jobs that are done. Makes them again, with the same bytes, if it is called again.
///
/// The tables of studies are in `studies`, where [`run_study`](crate::run_study) writes them. The tables of a grid are in `tables`.
///
/// # Errors
/// Returns [`StudyError::Sweep`] if the plan was changed, [`StudyError::Settings`] if it was made by a program with other numbers,
/// and [`StudyError::Run`] if a run or a file cannot be read or written.
pub fn gather(
    sweep: &Sweep,
    results: &ResultsFolder,
    claims: &'static [Claim],
    threads: usize,
    listener: &Listener<'_>,
) -> Result<Gathered, StudyError> {
    let settings = Settings::read(sweep.plan().settings())?;
    let mut gathered = Gathered::default();
    for (job, (_, state)) in sweep.plan().jobs()?.into_iter().zip(sweep.all_states()?) {
        match state {
            JobState::Done => gathered.done.push(job),
            JobState::Failed { .. } => {
                let why = sweep.end(job.number, state).and_then(|end| Some(end.note.as_str()?.to_owned()));
                gathered.failed.push((job, why.unwrap_or_else(|| "an unknown error".to_owned())));
            }
            JobState::Waiting { .. } | JobState::Claimed { .. } => gathered.missing.push((job, state)),
        }
    }
    let failures: Vec<FailureRow> =
        gathered.failed.iter().map(|(job, why)| FailureRow { run: job.name.clone(), why: why.clone() }).collect();
    match &settings.content {
        Content::Grid(_) => grid_tables::write(&settings, results.path(), &gathered.done, &failures)?,
        Content::Studies { .. } => {
            let data = Loaded::default().of(&settings.preset()?)?;
            let keeping = Keeping::default();
            for (study, options) in settings.studies(claims, threads)? {
                gather_study(study, &options, &data, results, &failures, &keeping, listener)?;
            }
        }
    }
    Ok(gathered)
}
