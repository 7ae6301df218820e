//! The context of a study: its runs, its data and its listener.

use crate::error::StudyError;
use crate::progress::{Clock, Epochs, Listener, RunObserver, StudyEvent};
use minima_data::Splits;
use minima_rows::FailureRow;
use minima_runs::training::Keeping;
use minima_runs::{Job, RunError, RunStore, StoredRun, TestSet, run_all};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// The context of a study.
pub struct Context<'a> {
    /// The trained runs.
    pub store: RunStore<'a>,
    /// Training and test images.
    pub data: &'a Splits,
    /// The test images as numbers.
    pub test: TestSet,
    /// The folder of the study's files.
    pub folder: PathBuf,
    /// The number of runs at a time.
    pub threads: usize,
    /// How often runs save their state, and how they are stopped.
    pub keeping: &'a Keeping,
    /// Receives the study's events.
    pub listener: &'a Listener<'a>,
    /// The failed runs, with their errors.
    pub(crate) failures: Mutex<Vec<FailureRow>>,
}

impl Context<'_> {
    /// The jobs whose runs are not yet trained.
    pub(crate) fn missing<'j>(&self, jobs: &'j [Job]) -> Result<Vec<&'j Job>, StudyError> {
        let mut missing = Vec::new();
        for job in jobs {
            match self.store.open(job, self.data)? {
                // A run that was killed right after its curve was written still has its state.
                Some(stored) => stored.tidy(self.keeping)?,
                None => missing.push(job),
            }
        }
        (self.listener)(StudyEvent::Planned { missing: missing.len(), of: jobs.len() });
        Ok(missing)
    }

    /// Trains the missing runs. `of` is the number of all runs.
    pub(crate) fn train(&self, missing: &[&Job], of: usize) -> Result<(), StudyError> {
        let clock = Clock::new(missing.iter().copied());
        let outcomes = run_all(missing, self.threads, |job| {
            let of = RunObserver { job, clock: &clock, listener: self.listener };
            let mut epochs = Epochs { of: &of, seen: 0, behind: 0 };
            let start = Instant::now();
            let outcome =
                self.store.train(job, self.data, &self.test, self.keeping, &mut epochs).map_err(StudyError::from);
            match &outcome {
                Err(StudyError::Run(RunError::Interrupted { .. })) => {}
                Ok(_) => of.trained(start.elapsed().as_secs_f64()),
                Err(error) => of.failed(epochs.seen, error),
            }
            outcome.map(drop)
        });
        for (job, outcome) in missing.iter().zip(outcomes) {
            match outcome {
                // The job's name also distinguishes the variants of a run.
                Err(StudyError::Run(RunError::Interrupted { epoch, step, .. })) => {
                    return Err(RunError::Interrupted { run: job.name.clone(), epoch, step }.into());
                }
                Err(error) => self.note(&job.name, &error),
                Ok(()) => {}
            }
        }
        let failed = self.failures();
        match failed.first() {
            Some(first) if failed.len() == of => Err(StudyError::NoRun { of, first: first.why.clone() }),
            _ => Ok(()),
        }
    }

    /// The successful measurements. Reports and records the failed measurements under their names.
    pub(crate) fn measured<R>(&self, found: impl IntoIterator<Item = (String, Result<R, StudyError>)>) -> Vec<R> {
        let good =
            |(name, found): (String, Result<R, StudyError>)| found.inspect_err(|error| self.failed(&name, error));
        found.into_iter().filter_map(|found| good(found).ok()).collect()
    }

    /// Reports and records a failure.
    pub(crate) fn failed(&self, run: &str, error: &StudyError) {
        self.note(run, error);
        (self.listener)(StudyEvent::Failed { run, error });
    }

    fn note(&self, run: &str, error: &StudyError) {
        let row = FailureRow { run: run.to_owned(), why: error.to_string() };
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).push(row);
    }

    /// The runs that failed so far, sorted by name.
    #[must_use]
    pub fn failures(&self) -> Vec<FailureRow> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner).clone();
        failures.sort_by(|a, b| a.run.cmp(&b.run));
        failures
    }

    /// Why a run failed; empty if it did not.
    #[must_use]
    pub fn failure(&self, job: &Job) -> String {
        let found = self.failures().into_iter().find(|failure| failure.run == job.name);
        found.map_or_else(String::new, |failure| failure.why)
    }

    /// Measures every trained run, several at a time. Returns the measurements in the order of the jobs, without the runs whose
    /// training or measurement failed.
    ///
    /// # Errors
    /// Returns [`StudyError::Run`] with the errors of [`RunStore::open`].
    pub fn measure<R: Send>(
        &self,
        jobs: &[Job],
        work: impl Fn(&Job, &StoredRun) -> Result<R, StudyError> + Sync,
    ) -> Result<Vec<(StoredRun, R)>, StudyError> {
        let mut trained = Vec::new();
        for job in jobs {
            if let Some(stored) = self.store.open(job, self.data)? {
                trained.push((job, stored));
            }
        }
        let done = AtomicUsize::new(0);
        let found = run_all(&trained, self.threads, |(job, stored)| {
            let measured = work(job, stored);
            let done = 1 + done.fetch_add(1, Ordering::Relaxed);
            match &measured {
                Ok(_) => (self.listener)(StudyEvent::Measured { run: &job.name, done, of: trained.len() }),
                Err(error) => self.failed(&job.name, error),
            }
            measured
        });
        Ok(trained.into_iter().zip(found).filter_map(|((_, stored), found)| Some((stored, found.ok()?))).collect())
    }
}
