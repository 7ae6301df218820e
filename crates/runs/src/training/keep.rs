//! Saves the state of a run in training: every few seconds, on a stop request, and after a failure.

use super::file_names::{FAILURE, STATE};
use super::state::{PreparedState, Progress, TrainingState, remove};
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

/// The size of the largest state that is held in memory, in bytes: 64 MiB.
const IN_MEMORY_BYTES: usize = 64 << 20;

/// A large state is written at most once in this many times the time that its last write took.
const WRITING_SHARE: u32 = 20;

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

/// A state before the current step, of which it is not yet known whether it is good.
#[derive(Debug)]
enum Candidate {
    InMemory(TrainingState),
    /// The progress of a state that is too large for memory, and the state on disk, if it may be kept.
    OnDisk(Progress, Option<PreparedState>),
}

/// Saves the state of one run during training; saves nothing without a folder.
///
/// A state is good once a step from it, or the evaluation after its epoch, succeeded. Only good states become valid.
///
/// A state of more than [`IN_MEMORY_BYTES`] is written when it is due, and never held. If such a run fails, the state that was
/// written last remains.
pub(crate) struct Keeper<'a> {
    keep: Option<&'a Keep>,
    /// Whether this run may write to the folder.
    is_own: bool,
    run: String,
    written: Instant,
    since_candidate: u32,
    candidate: Option<Candidate>,
    good: Option<TrainingState>,
    /// Whether states are small enough to be held in memory.
    is_small: bool,
    /// The time that the last write of a large state took.
    writing: Duration,
}

impl<'a> Keeper<'a> {
    /// A keeper for the run with this name. [`Self::resume`] returns the state to resume from.
    pub(crate) fn new(keep: Option<&'a Keep>, run: &str) -> Self {
        let (since_candidate, written) = (GOOD_EVERY, Instant::now());
        let (run, is_own, is_small) = (run.to_owned(), true, true);
        Self {
            keep,
            is_own,
            run,
            written,
            since_candidate,
            candidate: None,
            good: None,
            is_small,
            writing: Duration::ZERO,
        }
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
        self.good = self.fits_memory(&state).then(|| state.clone());
        Ok(Some(state))
    }

    /// Call before each step. Takes the state when a state is due and on a stop request, and a small one every [`GOOD_EVERY`]
    /// steps.
    pub(crate) fn before(&mut self, state: impl FnOnce() -> Result<TrainingState, RunError>) -> Result<(), RunError> {
        let Some(keep) = self.keep else { return Ok(()) };
        if (self.is_small && self.since_candidate >= GOOD_EVERY) || self.is_due(keep) {
            self.since_candidate = 0;
            let state = state()?;
            self.candidate = Some(if self.fits_memory(&state) {
                Candidate::InMemory(state)
            } else {
                // A run cannot resume from a state with a NaN or infinity.
                let is_kept = self.is_own && state.is_finite();
                let prepared = is_kept.then(|| self.prepare(keep, &state)).transpose()?;
                Candidate::OnDisk(state.progress, prepared)
            });
        }
        self.since_candidate += 1;
        Ok(())
    }

    /// Call after each successful step: the state before it is good.
    pub(crate) fn after(&mut self) -> Result<(), RunError> {
        match self.candidate.take() {
            None => Ok(()),
            Some(Candidate::InMemory(state)) => self.good(state),
            Some(Candidate::OnDisk(progress, state)) => {
                if let Some(state) = state {
                    state.complete()?;
                    (self.written, self.good) = (Instant::now(), None);
                }
                self.stopped(&progress).map_or(Ok(()), Err)
            }
        }
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
        let stopped = self.stopped(&state.progress);
        // A run cannot resume from a state with a NaN or infinity.
        if state.is_finite() {
            let fits = self.fits_memory(&state);
            if self.is_own && self.is_due(keep) {
                self.prepare(keep, &state)?.complete()?;
                self.written = Instant::now();
            }
            self.good = fits.then_some(state);
        }
        stopped.map_or(Ok(()), Err)
    }

    /// Whether this state, and the next one, may be held in memory.
    fn fits_memory(&mut self, state: &TrainingState) -> bool {
        self.is_small = state.bytes() <= IN_MEMORY_BYTES;
        self.is_small
    }

    /// Writes the tensors of a state, and times the write of a large one.
    fn prepare(&mut self, keep: &Keep, state: &TrainingState) -> Result<PreparedState, StateError> {
        let began = Instant::now();
        let prepared = state.prepare(&keep.folder)?;
        self.writing = if self.is_small { Duration::ZERO } else { began.elapsed() };
        Ok(prepared)
    }

    fn is_due(&self, keep: &Keep) -> bool {
        let every = keep.keeping.every.max(WRITING_SHARE * self.writing);
        keep.keeping.stop.is_asked() || (self.is_own && self.written.elapsed() >= every)
    }

    /// The error of a state that the run's network or optimizer rejects.
    pub(crate) fn refused(&self, error: &RunError) -> StateError {
        let path = self.keep.map(|keep| keep.folder.join(STATE)).unwrap_or_default();
        StateError::Content { path, found: error.to_string(), expected: "a state of this run".to_owned() }
    }

    /// Returns [`RunError::Interrupted`] if a stop is requested before the first step.
    pub(crate) fn check(&self, progress: &Progress) -> Result<(), RunError> {
        self.stopped(progress).map_or(Ok(()), Err)
    }

    /// The error that ends the run, if a stop is requested.
    fn stopped(&self, progress: &Progress) -> Option<RunError> {
        self.keep.filter(|keep| keep.keeping.stop.is_asked()).map(|_| self.interrupted(progress))
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
    fn a_large_state_is_written_before_its_step_and_valid_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let large = |step: usize| {
            let weights = vec![step as f64; IN_MEMORY_BYTES / size_of::<f64>() + 1];
            after(step).map(|state| TrainingState { weights, ..state })
        };
        let keeping = Keeping { every: Duration::ZERO, ..Keeping::default() };
        let keep = keeping.at(folder.path().to_owned());
        let mut keeper = Keeper::new(Some(&keep), "clean-sgd-1");
        keeper.before(|| large(1)).unwrap();
        assert_eq!((on_disk(folder.path()), keeper.good.is_some()), (None, false));
        keeper.after().unwrap();
        assert_eq!((on_disk(folder.path()), keeper.good.is_some()), (Some(1), false));
        // The next one is not due before some multiples of the time of writing, but on a stop request.
        keeper.before(|| panic!("a state that is not due")).unwrap();
        keeper.after().unwrap();
        keeping.stop.ask();
        keeper.before(|| large(3)).unwrap();
        let exploded = RunError::Interrupted { run: "an error".to_owned(), epoch: 1, step: 4 };
        keeper.failed(&exploded, 1, 4, &[7]).unwrap();
        assert_eq!(on_disk(folder.path()), Some(1), "the step from the third state failed");
        let nan = || large(4).map(|state| TrainingState { average: vec![f64::NAN], ..state });
        keeper.before(nan).unwrap();
        assert!(matches!(keeper.after(), Err(RunError::Interrupted { step: 4, .. })));
        assert_eq!(on_disk(folder.path()), Some(1), "a NaN");
        keeper.before(|| large(5)).unwrap();
        assert!(matches!(keeper.after(), Err(RunError::Interrupted { step: 5, .. })));
        assert_eq!(on_disk(folder.path()), Some(5));
        assert!(matches!(keeper.after_epoch(|| large(6)), Err(RunError::Interrupted { step: 6, .. })));
        assert_eq!(on_disk(folder.path()), Some(6));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "the state, its tensors and the failure");
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
