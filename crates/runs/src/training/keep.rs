//! How a run in training keeps its state: every few seconds, when it is asked to stop, and when it goes wrong.

use super::file_names::{FAILURE, STATE};
use super::state::{Progress, TrainingState, remove};
use super::state_error::StateError;
use crate::error::RunError;
use minima_store::Stop;
use minima_store::write_atomically;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often runs keep their states, and who may stop them.
#[derive(Clone, Debug)]
pub struct Keeping {
    /// The time from one state to the next; zero for one after every step.
    pub every: Duration,
    /// The wish to stop.
    pub stop: Stop,
}

impl Default for Keeping {
    /// Every ten seconds, and nobody stops it.
    fn default() -> Self {
        Self { every: Duration::from_secs(10), stop: Stop::default() }
    }
}

impl Keeping {
    /// The same, for a run whose state is in this folder.
    #[must_use]
    pub fn at(&self, folder: PathBuf) -> Keep {
        Keep { folder, keeping: self.clone() }
    }
}

/// Where one run keeps its state.
#[derive(Clone, Debug)]
pub struct Keep {
    folder: PathBuf,
    keeping: Keeping,
}

/// Steps between two states of which the last good one is kept in memory.
const GOOD_EVERY: u32 = 50;

/// A run that went wrong, as `failure.json` tells it.
#[derive(Debug, Serialize)]
struct Failure<'a> {
    run: &'a str,
    why: String,
    epoch: u32,
    step: usize,
    /// The images of the step's batch, by their places in the training set.
    batch: &'a [u32],
}

impl Keep {
    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes the state away: the run has ended, and what it found is written.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn clear(&self) -> Result<(), StateError> {
        TrainingState::remove(&self.folder)?;
        remove(&self.folder.join(FAILURE))
    }
}

/// Keeps the state of one run while it trains; without a folder it keeps none.
///
/// A state is good once something went well from it: a step, or the evaluation after an epoch. No other is ever written.
pub(crate) struct Keeper<'a> {
    keep: Option<&'a Keep>,
    /// Whether the folder is this run's to write to.
    is_own: bool,
    run: String,
    written: Instant,
    since_candidate: u32,
    /// Of which it is not known yet whether the step after it goes well.
    candidate: Option<TrainingState>,
    good: Option<TrainingState>,
}

impl<'a> Keeper<'a> {
    /// For a run of this name; the state to go on from is that of [`Self::resume`].
    pub(crate) fn new(keep: Option<&'a Keep>, run: &str) -> Self {
        let (since_candidate, written) = (GOOD_EVERY, Instant::now());
        Self { keep, is_own: true, run: run.to_owned(), written, since_candidate, candidate: None, good: None }
    }

    /// The state that an earlier run left, where it is not beyond the end of so many epochs.
    ///
    /// A state beyond that end is a longer run's: it is left as it is, and this one writes none.
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

    /// Before a step: `state` is asked for now and then, when it is time to write one, and when somebody asked to stop.
    pub(crate) fn before(&mut self, state: impl FnOnce() -> Result<TrainingState, RunError>) -> Result<(), RunError> {
        let Some(keep) = self.keep else { return Ok(()) };
        if self.since_candidate >= GOOD_EVERY || self.is_due(keep) {
            self.since_candidate = 0;
            self.candidate = Some(state()?);
        }
        self.since_candidate += 1;
        Ok(())
    }

    /// After a step that went well: the state before it is good.
    pub(crate) fn after(&mut self) -> Result<(), RunError> {
        self.candidate.take().map_or(Ok(()), |state| self.good(state))
    }

    /// After an epoch whose evaluation went well: the state at its end is good.
    pub(crate) fn after_epoch(
        &mut self,
        state: impl FnOnce() -> Result<TrainingState, RunError>,
    ) -> Result<(), RunError> {
        self.candidate = None;
        if self.keep.is_some() { self.good(state()?) } else { Ok(()) }
    }

    /// Writes a good state where it is time to, and ends with it where somebody asked to.
    fn good(&mut self, state: TrainingState) -> Result<(), RunError> {
        let Some(keep) = self.keep else { return Ok(()) };
        let stopped = keep.keeping.stop.is_asked().then(|| self.interrupted(&state.progress));
        // A memory that is no number could not be gone on from.
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

    /// A state that the run's network or optimizer does not take.
    pub(crate) fn refused(&self, error: &RunError) -> StateError {
        let path = self.keep.map(|keep| keep.folder.join(STATE)).unwrap_or_default();
        StateError::Content { path, found: error.to_string(), expected: "a state of this run".to_owned() }
    }

    /// Ends before the first step where somebody asked to.
    pub(crate) fn check(&self, progress: &Progress) -> Result<(), RunError> {
        match self.keep {
            Some(keep) if keep.keeping.stop.is_asked() => Err(self.interrupted(progress)),
            _ => Ok(()),
        }
    }

    fn interrupted(&self, progress: &Progress) -> RunError {
        RunError::Interrupted { run: self.run.clone(), epoch: progress.epoch(), step: progress.step }
    }

    /// A step on this batch went wrong: keeps the last state from which one went well, and what happened.
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

    /// Tells that the wish to stop is looked at.
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
        Ok(TrainingState { progress, weights: vec![step as f64], optimizer: OptimizerState::default() })
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
        // Asked to stop, with weights that the next step finds exploded: what was good before is kept.
        keeping.stop.ask();
        keeper.before(|| after(1)).unwrap();
        let exploded = RunError::Interrupted { run: "an error".to_owned(), epoch: 1, step: 2 };
        keeper.failed(&exploded, 1, 2, &[7, 3]).unwrap();
        assert_eq!(on_disk(folder.path()), Some(0));
        // Where it goes well, that is the state to go on from.
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
