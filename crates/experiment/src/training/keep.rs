//! How a run in training keeps its state: every few seconds, when it is asked to stop, and when it goes wrong.

use super::state::{Progress, TrainingState, remove};
use super::state_error::StateError;
use crate::atomic_file::write_atomically;
use crate::error::ExperimentError;
use crate::stop::Stop;
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
    /// The epochs behind the state that was kept, and the steps after them.
    kept_epochs: Option<usize>,
    kept_step: Option<usize>,
}

/// The file that tells of a run that went wrong.
const FAILURE: &str = "failure.json";

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
pub(crate) struct Keeper<'a> {
    keep: Option<&'a Keep>,
    run: String,
    written: Instant,
    since_good: u32,
    /// Of which it is not known yet whether the step after it goes well.
    candidate: Option<TrainingState>,
    good: Option<TrainingState>,
    /// To be written once the step after it went well.
    due: Option<TrainingState>,
}

impl<'a> Keeper<'a> {
    /// For a run of this name; the state to go on from is that of [`Self::resume`].
    pub(crate) fn new(keep: Option<&'a Keep>, run: &str) -> Self {
        let (since_good, written) = (GOOD_EVERY, Instant::now());
        Self { keep, run: run.to_owned(), written, since_good, candidate: None, good: None, due: None }
    }

    /// The state that an earlier run left, where it is not beyond the end of so many epochs.
    ///
    /// A state beyond that end is a longer run's: it is left as it is, and this one keeps none.
    pub(crate) fn resume(&mut self, epochs: u32) -> Result<Option<TrainingState>, StateError> {
        let Some(keep) = self.keep else { return Ok(None) };
        let Some(state) = TrainingState::read(&keep.folder)? else { return Ok(None) };
        if state.progress.run != self.run {
            let path = keep.folder.join(super::state::STATE);
            let (found, expected) = (format!("run {}", state.progress.run), self.run.clone());
            return Err(StateError::Content { path, found, expected });
        }
        let (behind, end) = ((state.progress.rows.len(), state.progress.step), (epochs as usize, 0));
        if behind > end {
            self.keep = None;
            return Ok(None);
        }
        self.good = Some(state.clone());
        Ok(Some(state))
    }

    /// Before a step: `state` is asked for now and then.
    pub(crate) fn before(
        &mut self,
        state: impl FnOnce() -> Result<TrainingState, ExperimentError>,
    ) -> Result<(), ExperimentError> {
        if self.keep.is_none() {
            return Ok(());
        }
        if self.since_good >= GOOD_EVERY {
            self.since_good = 0;
            self.candidate = Some(state()?);
        }
        self.since_good += 1;
        Ok(())
    }

    /// The state before an epoch of a device, which tells of no single steps.
    pub(crate) fn before_epoch(
        &mut self,
        state: impl FnOnce() -> Result<TrainingState, ExperimentError>,
    ) -> Result<(), ExperimentError> {
        self.since_good = GOOD_EVERY;
        self.before(state)
    }

    /// After a step that went well: writes the state before it where it is time to, and ends with this one where somebody asked to.
    pub(crate) fn after(
        &mut self,
        progress: &Progress,
        state: impl FnOnce() -> Result<TrainingState, ExperimentError>,
    ) -> Result<(), ExperimentError> {
        let Some(keep) = self.keep else { return Ok(()) };
        if let Some(good) = self.candidate.take() {
            self.good = Some(good);
        }
        if let Some(due) = self.due.take() {
            due.write(&keep.folder)?;
        }
        if keep.keeping.stop.is_asked() {
            let state = state()?;
            // What is no number could not be gone on from.
            if state.is_finite() {
                state.write(&keep.folder)?;
            }
            return Err(self.interrupted(progress));
        }
        if self.written.elapsed() >= keep.keeping.every {
            self.due = Some(state()?);
            self.written = Instant::now();
        }
        Ok(())
    }

    /// A state that the run's network or optimizer does not take.
    pub(crate) fn refused(&self, error: &ExperimentError) -> StateError {
        let path = self.keep.map(|keep| keep.folder.join(super::state::STATE)).unwrap_or_default();
        StateError::Content { path, found: error.to_string(), expected: "a state of this run".to_owned() }
    }

    /// Ends before the first step where somebody asked to.
    pub(crate) fn check(&self, progress: &Progress) -> Result<(), ExperimentError> {
        match self.keep {
            Some(keep) if keep.keeping.stop.is_asked() => Err(self.interrupted(progress)),
            _ => Ok(()),
        }
    }

    fn interrupted(&self, progress: &Progress) -> ExperimentError {
        ExperimentError::Interrupted { run: self.run.clone(), epoch: progress.epoch(), step: progress.step }
    }

    /// A step on this batch went wrong: keeps the last state from which one went well, and what happened.
    pub(crate) fn failed(
        &self,
        error: &ExperimentError,
        epoch: u32,
        step: usize,
        batch: &[u32],
    ) -> Result<(), ExperimentError> {
        let Some(keep) = self.keep else { return Ok(()) };
        if let Some(good) = &self.good {
            good.write(&keep.folder)?;
        }
        let kept = self.good.as_ref().map(|good| (good.progress.rows.len(), good.progress.step));
        let failure = Failure {
            run: &self.run,
            why: error.to_string(),
            epoch,
            step,
            batch,
            kept_epochs: kept.map(|(epochs, _)| epochs),
            kept_step: kept.map(|(_, step)| step),
        };
        let mut text = serde_json::to_vec_pretty(&failure)?;
        text.push(b'\n');
        Ok(write_atomically(&keep.folder.join(FAILURE), &text)?)
    }

    /// Tells that the wish to stop is looked at.
    pub(crate) fn heed(&self) -> Option<crate::stop::Heeding<'a>> {
        self.keep.map(|keep| keep.keeping.stop.heed())
    }
}
