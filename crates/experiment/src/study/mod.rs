//! Studies: many runs of an experiment that differ in one thing, and what follows from them together.
//!
//! A study trains the runs that it needs and that are not there yet, as independent jobs on all cores, measures them, and writes
//! CSV files. Runs are kept in a folder that all studies share.

mod error;
mod job;
mod options;
mod poison;
mod pool;
mod progress;
mod run_store;
mod seeds;

pub use error::StudyError;
pub use job::Job;
pub use options::StudyOptions;
pub use pool::run_all;
pub use progress::{Listener, StudyEvent};
pub use run_store::{RunStore, StoredRun};

use crate::error::ExperimentError;
use crate::training::TestSet;
use minima_data::Mnist;
use progress::{Clock, Epochs, RunObserver};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A study.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Study {
    /// What is luck: the experiment with several seeds, and the last epochs of each run.
    Seeds,
    /// What wrong labels do, by how many there are.
    Poison,
}

/// All studies.
pub const STUDIES: [Study; 2] = [Study::Seeds, Study::Poison];

/// What a study has to work with.
pub struct Context<'a> {
    /// The trained runs.
    pub store: RunStore,
    /// Training and test images.
    pub data: &'a Mnist,
    /// The test images as numbers.
    pub test: TestSet,
    /// Where the study's files go.
    pub folder: PathBuf,
    /// Runs at a time.
    pub threads: usize,
    /// Hears how it goes.
    pub listener: &'a Listener<'a>,
}

impl Study {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Seeds => "seeds",
            Self::Poison => "poison",
        }
    }

    /// The study of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn named(name: &str) -> Result<Self, StudyError> {
        STUDIES
            .into_iter()
            .find(|study| study.name() == name)
            .ok_or_else(|| StudyError::Name { found: name.to_owned(), expected: STUDIES.map(Self::name).join(", ") })
    }

    /// The runs it needs.
    ///
    /// # Errors
    /// When an option makes no sense.
    pub fn jobs(self, options: &StudyOptions) -> Result<Vec<Job>, ExperimentError> {
        options.check()?;
        match self {
            Self::Seeds => seeds::jobs(options),
            Self::Poison => poison::jobs(options),
        }
    }

    fn gather(self, _context: &Context<'_>, _options: &StudyOptions) -> Result<(), ExperimentError> {
        Ok(())
    }
}

/// Trains what is missing, measures, and writes the study's files into `{out}/studies/{name}`; the runs are in `{out}/studies/runs`.
///
/// A run that fails is told to the listener and left out; the others go on.
///
/// # Errors
/// When an option makes no sense, a folder holds another run under a run's name, no run can be trained, or a file cannot be
/// read or written.
pub fn run_study(
    study: Study,
    options: &StudyOptions,
    data: &Mnist,
    out: &Path,
    listener: &Listener<'_>,
) -> Result<(), ExperimentError> {
    let jobs = study.jobs(options)?;
    options.preset.check_against(data)?;
    let context = Context {
        store: RunStore::new(&out.join("studies/runs")),
        data,
        test: TestSet::new(&data.test.take(options.preset.test_images)),
        folder: out.join("studies").join(study.name()),
        threads: options.threads,
        listener,
    };
    context.train(&jobs)?;
    listener(StudyEvent::Stage("measurements"));
    study.gather(&context, options)
}

impl Context<'_> {
    /// Trains the runs that are missing.
    fn train(&self, jobs: &[Job]) -> Result<(), ExperimentError> {
        let mut missing = Vec::new();
        for job in jobs {
            if self.store.open(job, self.data)?.is_none() {
                missing.push(job);
            }
        }
        (self.listener)(StudyEvent::Planned { missing: missing.len(), of: jobs.len() });
        let clock = Clock::new(missing.iter().copied());
        let outcomes = run_all(&missing, self.threads, |job| {
            let of = RunObserver { job, clock: &clock, listener: self.listener };
            let mut epochs = Epochs { of: &of, seen: 0 };
            let start = Instant::now();
            let outcome = self.store.train(job, self.data, &self.test, &mut epochs);
            match &outcome {
                Ok(_) => of.trained(start.elapsed().as_secs_f64()),
                Err(error) => of.failed(epochs.seen, error),
            }
            outcome.map(drop)
        });
        let failed: Vec<&ExperimentError> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
        match failed.first() {
            Some(first) if failed.len() == jobs.len() => {
                Err(StudyError::NoRun { of: jobs.len(), first: first.to_string() }.into())
            }
            _ => Ok(()),
        }
    }
}
