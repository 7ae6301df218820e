//! How far a study is, for the whole of it.

use crate::error::StudyError;
use minima_rows::TrainingRow;
use minima_runs::Job;
use minima_runs::observer::{Event, Observer};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What happens in a study.
#[derive(Debug)]
pub enum StudyEvent<'a> {
    /// Training begins; so many of the runs are there already.
    Planned {
        /// Runs to be trained.
        missing: usize,
        /// Runs in all.
        of: usize,
    },
    /// An epoch of a run has ended.
    Epoch {
        /// The run.
        run: &'a str,
        /// Its epochs in all.
        epochs: u32,
        /// What it ended with.
        row: &'a TrainingRow,
        /// Time left for all training, as far as it can be told.
        left: Option<Duration>,
    },
    /// A run has been trained and stored.
    Trained {
        /// The run.
        run: &'a str,
        /// How long it took, in seconds.
        seconds: f64,
        /// Time left for all training.
        left: Option<Duration>,
    },
    /// A run failed; the others go on.
    Failed {
        /// The run.
        run: &'a str,
        /// Why.
        error: &'a StudyError,
    },
    /// A run has been measured.
    Measured {
        /// The run.
        run: &'a str,
        /// Runs measured by now.
        done: usize,
        /// Runs to measure.
        of: usize,
    },
    /// Something else begins.
    Stage(&'a str),
}

/// Hears of a study's events, from several threads.
pub type Listener<'a> = dyn Fn(StudyEvent<'_>) + Sync + 'a;

/// Counts what is done against what there is to do, in milliseconds of one core as [`Job::cost`] tells them.
pub(super) struct Clock {
    start: Instant,
    count: Mutex<Count>,
}

/// Costs: all that is to be done by this process, and how much of it is.
struct Count {
    whole: f64,
    done: f64,
}

impl Clock {
    pub(super) fn new<'j>(jobs: impl Iterator<Item = &'j Job>) -> Self {
        let count = Count { whole: jobs.map(Job::cost).sum(), done: 0.0 };
        Self { start: Instant::now(), count: Mutex::new(count) }
    }

    /// Adds a share of a job's cost; returns the time left.
    fn add(&self, cost: f64) -> Option<Duration> {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        count.done += cost;
        let left = self.start.elapsed().as_secs_f64() * (count.whole - count.done) / count.done;
        Duration::try_from_secs_f64(left.max(0.0)).ok()
    }

    /// Takes off what was done before, in another life.
    fn skip(&self, cost: f64) {
        self.count.lock().unwrap_or_else(PoisonError::into_inner).whole -= cost;
    }
}

/// Passes a run's epochs on.
pub(super) struct RunObserver<'a> {
    pub(super) job: &'a Job,
    pub(super) clock: &'a Clock,
    pub(super) listener: &'a Listener<'a>,
}

impl RunObserver<'_> {
    /// Tells that the run has been trained.
    pub(super) fn trained(&self, seconds: f64) {
        (self.listener)(StudyEvent::Trained { run: &self.job.name, seconds, left: self.clock.add(0.0) });
    }

    /// Takes a failed run's remaining epochs off what there is to do.
    pub(super) fn failed(&self, epochs: u32, error: &StudyError) {
        let share = f64::from(self.job.preset.epochs.saturating_sub(epochs)) / f64::from(self.job.preset.epochs.max(1));
        self.clock.add(self.job.cost() * share);
        (self.listener)(StudyEvent::Failed { run: &self.job.name, error });
    }
}

/// Counts epochs on their way to the listener.
pub(super) struct Epochs<'a, 'b> {
    pub(super) of: &'b RunObserver<'a>,
    pub(super) seen: u32,
    /// Epochs behind it when it went on, which are told again.
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
