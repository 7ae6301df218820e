//! The progress of a study, over all its runs.

use crate::error::StudyError;
use minima_rows::TrainingRow;
use minima_runs::Job;
use minima_runs::observer::{Event, Observer};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// An event of a study.
#[derive(Debug)]
pub enum StudyEvent<'a> {
    /// Training begins.
    Planned {
        /// The number of runs to train.
        missing: usize,
        /// The number of all runs.
        of: usize,
    },
    /// An epoch of a run is completed.
    Epoch {
        /// The run.
        run: &'a str,
        /// The run's number of epochs.
        epochs: u32,
        /// The epoch's losses and accuracies.
        row: &'a TrainingRow,
        /// The estimated time left for all training.
        left: Option<Duration>,
    },
    /// A run is trained and stored.
    Trained {
        /// The run.
        run: &'a str,
        /// The time of training, in seconds.
        seconds: f64,
        /// The estimated time left for all training.
        left: Option<Duration>,
    },
    /// A run failed. The other runs continue.
    Failed {
        /// The run.
        run: &'a str,
        /// Its error.
        error: &'a StudyError,
    },
    /// A run is measured.
    Measured {
        /// The run.
        run: &'a str,
        /// The number of runs measured so far.
        done: usize,
        /// The number of runs to measure.
        of: usize,
    },
    /// Another stage begins.
    Stage(&'a str),
}

/// Receives a study's events, from several threads.
pub type Listener<'a> = dyn Fn(StudyEvent<'_>) + Sync + 'a;

/// Estimates the time left from the completed share of the work, in units of [`Job::cost`].
pub(super) struct Clock {
    start: Instant,
    count: Mutex<Count>,
}

/// The cost of this process's whole work, and of the completed part.
struct Count {
    whole: f64,
    done: f64,
}

impl Clock {
    pub(super) fn new<'j>(jobs: impl Iterator<Item = &'j Job>) -> Self {
        let count = Count { whole: jobs.map(Job::cost).sum(), done: 0.0 };
        Self { start: Instant::now(), count: Mutex::new(count) }
    }

    /// Adds the cost of a completed part of a job. Returns the time left.
    fn add(&self, cost: f64) -> Option<Duration> {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        count.done += cost;
        let left = self.start.elapsed().as_secs_f64() * (count.whole - count.done) / count.done;
        Duration::try_from_secs_f64(left.max(0.0)).ok()
    }

    /// Subtracts the cost of work that an earlier process did.
    fn skip(&self, cost: f64) {
        self.count.lock().unwrap_or_else(PoisonError::into_inner).whole -= cost;
    }
}

/// Reports the end or failure of a run.
pub(super) struct RunObserver<'a> {
    pub(super) job: &'a Job,
    pub(super) clock: &'a Clock,
    pub(super) listener: &'a Listener<'a>,
}

impl RunObserver<'_> {
    /// Reports that the run is trained.
    pub(super) fn trained(&self, seconds: f64) {
        (self.listener)(StudyEvent::Trained { run: &self.job.name, seconds, left: self.clock.add(0.0) });
    }

    /// Reports a failed run, and counts its remaining epochs as done.
    pub(super) fn failed(&self, epochs: u32, error: &StudyError) {
        let share = f64::from(self.job.preset.epochs.saturating_sub(epochs)) / f64::from(self.job.preset.epochs.max(1));
        self.clock.add(self.job.cost() * share);
        (self.listener)(StudyEvent::Failed { run: &self.job.name, error });
    }
}

/// Counts a run's epochs and passes them to the listener.
pub(super) struct Epochs<'a, 'b> {
    pub(super) of: &'b RunObserver<'a>,
    pub(super) seen: u32,
    /// Epochs completed before the run resumed, which are reported again.
    pub(super) behind: u32,
}

impl Observer for Epochs<'_, '_> {
    fn on(&mut self, event: Event<'_>) {
        let RunObserver { job, clock, listener } = self.of;
        let epochs = job.preset.epochs;
        let cost = job.cost() / f64::from(epochs.max(1));
        match event {
            Event::Resumed { steps } => {
                let behind = steps / job.steps_an_epoch().max(1);
                self.behind = u32::try_from(behind).unwrap_or(epochs).min(epochs);
                clock.skip(cost * f64::from(self.behind));
            }
            Event::Epoch(row) => {
                self.seen = row.epoch;
                let left = clock.add(if row.epoch > self.behind { cost } else { 0.0 });
                listener(StudyEvent::Epoch { run: &job.name, epochs, row, left });
            }
            _ => {}
        }
    }
}
