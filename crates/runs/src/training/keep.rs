//! Saves the state of a run in training: every few seconds, on a stop request, and after a failure.

use super::file_names::{FAILURE, STATE};
use super::state::{Progress, TrainingState, remove};
use super::state_error::StateError;
use crate::error::RunError;
use minima_store::Stop;
use minima_store::write_atomically;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often runs save their state, and how they are stopped.
#[derive(Clone, Debug)]
pub struct Keeping {
    /// The time between saved states; zero saves a state after every step.
    pub every: Duration,
    /// The stop request.
    pub stop: Stop,
}

impl Default for Keeping {
    /// Saves every ten seconds, and is never stopped.
    fn default() -> Self {
        Self { every: Duration::from_secs(10), stop: Stop::default() }
    }
}

impl Keeping {
    /// The same settings for a run whose state is in this folder.
    #[must_use]
    pub fn at(&self, folder: PathBuf) -> Keep {
        Keep { folder, keeping: self.clone() }
    }
}

/// The folder of one run's state, and how often it is saved.
#[derive(Clone, Debug)]
pub struct Keep {
    folder: PathBuf,
    keeping: Keeping,
}

/// Steps between states that are held in memory, so that a failed run can save its last good state.
const GOOD_EVERY: u32 = 50;

/// The report of a failed run in `failure.json`.
#[derive(Debug, Serialize)]
struct Failure<'a> {
    run: &'a str,
    why: String,
    epoch: u32,
    step: usize,
    /// The images of the step's batch, by their indices in the training set.
    batch: &'a [u32],
}

impl Keep {
    /// The folder of the state.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Deletes the state, once the run is completed and its results are written.
    ///
    /// # Errors
    /// Returns [`StateError::Remove`] if a file cannot be deleted, and [`StateError::Read`] if the folder cannot be read.
    pub fn clear(&self) -> Result<(), StateError> {
        TrainingState::remove(&self.folder)?;
        remove(&self.folder.join(FAILURE))
    }
}

/// Saves the state of one run during training; saves nothing without a folder.
///
/// A state is good once a step from it, or the evaluation after its epoch, succeeded. Only good states are written.
pub(crate) struct Keeper<'a> {
    keep: Option<&'a Keep>,
    /// Whether this run may write to the folder.
    is_own: bool,
    run: String,
    written: Instant,
    since_candidate: u32,
    /// The state before the current step, of which it is not yet known whether it is good.
    candidate: Option<TrainingState>,
    good: Option<TrainingState>,
}

impl<'a> Keeper<'a> {
    /// A keeper for the run with this name. [`Self::resume`] returns the state to resume from.
    pub(crate) fn new(keep: Option<&'a Keep>, run: &str) -> Self {
        let (since_candidate, written) = (GOOD_EVERY, Instant::now());
        Self { keep, is_own: true, run: run.to_owned(), written, since_candidate, candidate: None, good: None }
    }

    /// The state to resume from; `None` if there is no saved state, or if it is beyond the end of `epochs` epochs.
    ///
    /// A state beyond this end belongs to a longer run: it is not changed, and this run saves no state.
    pub(crate) fn resume(&mut self, epochs: u32) -> Result<Option<TrainingState>, StateError> {
        let Some(keep) = self.keep else { return Ok(None) };
        let Some(state) = TrainingState::read(&keep.folder)? else { return Ok(None) };
        if state.progress.run != self.run {
            let path = keep.folder.join(STATE);
            let (found, expected) = (format!("run {}", state.progress.run), self.run.clone());
            return Err(StateError::Content { path, found, expected });
        }
        let (behind, end) = ((state.progress.rows.len(), state.progress.step), (epochs as usize, 0));
        if behind > end {
            self.is_own = false;
            return Ok(None);
        }
        self.good = Some(state.clone());
        Ok(Some(state))
    }

    /// Call before each step. Takes a copy of the state every [`GOOD_EVERY`] steps, when a state is due, and on a stop request.
    pub(crate) fn before(&mut self, state: impl FnOnce() -> Result<TrainingState, RunError>) -> Result<(), RunError> {
        let Some(keep) = self.keep else { return Ok(()) };
        if self.since_candidate >= GOOD_EVERY || self.is_due(keep) {
            self.since_candidate = 0;
            self.candidate = Some(state()?);
        }
        self.since_candidate += 1;
        Ok(())
    }

    /// Call after each successful step: the state before it is good.
    pub(crate) fn after(&mut self) -> Result<(), RunError> {
        self.candidate.take().map_or(Ok(()), |state| self.good(state))
    }

    /// Call after each epoch whose evaluation succeeded: the state at its end is good.
    pub(crate) fn after_epoch(
        &mut self,
        state: impl FnOnce() -> Result<TrainingState, RunError>,
    ) -> Result<(), RunError> {
        self.candidate = None;
        if self.keep.is_some() { self.good(state()?) } else { Ok(()) }
    }

    /// Writes a good state if it is due. Returns [`RunError::Interrupted`] if a stop is requested.
    fn good(&mut self, state: TrainingState) -> Result<(), RunError> {
        let Some(keep) = self.keep else { return Ok(()) };
        let stopped = keep.keeping.stop.is_asked().then(|| self.interrupted(&state.progress));
        // A run cannot resume from a state with a NaN or infinity.
        if state.is_finite() {
            if self.is_own && self.is_due(keep) {
                state.write(&keep.folder)?;
                self.written = Instant::now();
            }
            self.good = Some(state);
        }
        stopped.map_or(Ok(()), Err)
    }

    fn is_due(&self, keep: &Keep) -> bool {
        keep.keeping.stop.is_asked() || (self.is_own && self.written.elapsed() >= keep.keeping.every)
    }

    /// The error of a state that the run's network or optimizer rejects.
    pub(crate) fn refused(&self, error: &RunError) -> StateError {
        let path = self.keep.map(|keep| keep.folder.join(STATE)).unwrap_or_default();
        StateError::Content { path, found: error.to_string(), expected: "a state of this run".to_owned() }
    }

    /// Returns [`RunError::Interrupted`] if a stop is requested before the first step.
    pub(crate) fn check(&self, progress: &Progress) -> Result<(), RunError> {
        match self.keep {
            Some(keep) if keep.keeping.stop.is_asked() => Err(self.interrupted(progress)),
            _ => Ok(()),
        }
    }

    fn interrupted(&self, progress: &Progress) -> RunError {
        RunError::Interrupted { run: self.run.clone(), epoch: progress.epoch(), step: progress.step }
    }

    /// Call after a failed step on this batch: saves the last good state and a report of the failure.
    pub(crate) fn failed(&self, error: &RunError, epoch: u32, step: usize, batch: &[u32]) -> Result<(), RunError> {
        let Some(keep) = self.keep.filter(|_| self.is_own) else { return Ok(()) };
        if let Some(good) = &self.good {
            good.write(&keep.folder)?;
        }
        let failure = Failure { run: &self.run, why: error.to_string(), epoch, step, batch };
        let mut text = serde_json::to_vec_pretty(&failure)?;
        text.push(b'\n');
        Ok(write_atomically(&keep.folder.join(FAILURE), &text)?)
    }

    /// Declares that stop requests are checked while the guard lives.
    pub(crate) fn heed(&self) -> Option<minima_store::Heeding<'a>> {
        self.keep.map(|keep| keep.keeping.stop.heed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minima_optim::OptimizerState;

    fn after(step: usize) -> Result<TrainingState, RunError> {
        let progress = Progress { step, ..Progress::new("clean-sgd-1") };
        Ok(TrainingState {
            progress,
            weights: vec![step as f64],
            average: Vec::new(),
            optimizer: OptimizerState::default(),
        })
    }

    fn on_disk(folder: &Path) -> Option<usize> {
        TrainingState::read(folder).unwrap().map(|state| state.progress.step)
    }

    #[test]
    fn a_state_is_kept_once_the_step_from_it_went_well() {
        let folder = tempfile::tempdir().unwrap();
        let keeping = Keeping::default();
        let keep = keeping.at(folder.path().to_owned());
        let mut keeper = Keeper::new(Some(&keep), "clean-sgd-1");
        keeper.before(|| after(0)).unwrap();
        keeper.after().unwrap();
        assert_eq!(on_disk(folder.path()), None);
        // A stop is requested, and the next step finds exploded weights: the last good state is saved.
        keeping.stop.ask();
        keeper.before(|| after(1)).unwrap();
        let exploded = RunError::Interrupted { run: "an error".to_owned(), epoch: 1, step: 2 };
        keeper.failed(&exploded, 1, 2, &[7, 3]).unwrap();
        assert_eq!(on_disk(folder.path()), Some(0));
        // If the step succeeds, the run resumes from the state before it.
        keeper.before(|| after(1)).unwrap();
        assert!(matches!(keeper.after(), Err(RunError::Interrupted { epoch: 1, step: 1, .. })));
        assert_eq!(on_disk(folder.path()), Some(1));
    }

    #[test]
    fn a_longer_runs_state_is_left_alone_and_the_wish_to_stop_heeded() {
        let folder = tempfile::tempdir().unwrap();
        after(4).unwrap().write(folder.path()).unwrap();
        let keeping = Keeping { every: Duration::ZERO, ..Keeping::default() };
        let keep = keeping.at(folder.path().to_owned());
        let mut keeper = Keeper::new(Some(&keep), "clean-sgd-1");
        assert!(keeper.resume(0).unwrap().is_none());
        keeper.before(|| after(1)).unwrap();
        keeper.after().unwrap();
        keeper.failed(&RunError::Interrupted { run: String::new(), epoch: 1, step: 2 }, 1, 2, &[]).unwrap();
        keeping.stop.ask();
        assert!(matches!(keeper.after_epoch(|| after(2)), Err(RunError::Interrupted { step: 2, .. })));
        assert_eq!(on_disk(folder.path()), Some(4));
        assert!(!folder.path().join(FAILURE).exists());
    }
}
