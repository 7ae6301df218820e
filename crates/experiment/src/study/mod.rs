//! Studies: many runs of an experiment that differ in one thing, and what follows from them together.
//!
//! A study trains the runs that it needs and that are not there yet, as independent jobs on all cores, measures them, and writes
//! CSV files. Runs are kept in a folder that all studies share.

mod bits;
mod damping;
mod error;
mod job;
pub mod landscape;
pub mod logit_scale;
pub mod matched;
pub mod measured;
mod options;
mod poison;
mod pool;
pub mod precision;
mod progress;
mod run_store;
mod seeds;

pub use bits::Bits;
pub use error::StudyError;
pub use job::Job;
pub use options::StudyOptions;
pub use pool::run_all;
pub use progress::{Listener, StudyEvent};
pub use run_store::{RunStore, StoredRun};

use crate::atomic_file::write_atomically;
use crate::error::ExperimentError;
use crate::preset::Preset;
use crate::records::{FailureRow, write_csv};
use crate::report::write_reports;
use crate::results::Results;
use crate::results_folder::{FolderError, ResultsFolder, free_name, same_lines};
use crate::training::{Keeping, TestSet};
use minima_data::Mnist;
use progress::{Clock, Epochs, RunObserver};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// A study.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Study {
    /// What is luck: the experiment with several seeds, and the last epochs of each run.
    Seeds,
    /// What is early stopping: robustness at equal loss, accuracy and margin.
    Matched,
    /// What wrong labels do, by how many there are.
    Poison,
    /// What damping and learning rate do.
    Damping,
    /// What rounding decides.
    Precision,
    /// The loss around the minima and between them.
    Landscape,
    /// What is left of differences when all models' logits have one scale.
    LogitScale,
}

/// All studies.
pub const STUDIES: [Study; 7] = [
    Study::Seeds,
    Study::Matched,
    Study::Poison,
    Study::Damping,
    Study::Precision,
    Study::Landscape,
    Study::LogitScale,
];

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
    /// How often runs keep their states, and who may stop them.
    pub keeping: &'a Keeping,
    /// Hears how it goes.
    pub listener: &'a Listener<'a>,
    /// The runs that failed, with what they said.
    failures: Mutex<Vec<FailureRow>>,
}

impl Study {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Seeds => "seeds",
            Self::Matched => "matched",
            Self::Poison => "poison",
            Self::Damping => "damping",
            Self::Precision => "precision",
            Self::Landscape => "landscape",
            Self::LogitScale => "logit-scale",
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
            Self::Seeds | Self::LogitScale => options.runs(),
            Self::Matched | Self::Landscape => options.clean_runs(),
            Self::Poison => poison::jobs(options),
            Self::Damping => damping::jobs(options),
            Self::Precision => precision::jobs(options),
        }
    }

    /// How many of the experiment's seeds it takes where a user names none: runs of several rates, points or arithmetics are many.
    #[must_use]
    pub fn seeds(self) -> usize {
        match self {
            Self::Seeds | Self::Matched | Self::LogitScale => 10,
            Self::Precision => 5,
            Self::Poison | Self::Landscape => 3,
            Self::Damping => 1,
        }
    }

    fn gather(self, context: &Context<'_>, options: &StudyOptions) -> Result<(), ExperimentError> {
        match self {
            Self::Seeds => seeds::gather(context, options),
            Self::Matched => matched::gather(context, options),
            Self::Poison => poison::gather(context, options),
            Self::Damping => damping::gather(context, options),
            Self::Precision => precision::gather(context, options),
            Self::Landscape => landscape::gather(context, options),
            Self::LogitScale => logit_scale::gather(context, options),
        }
    }
}

/// Takes a folder of results for studies; with `fresh`, the studies that are in it are moved aside, and where they went is returned.
///
/// # Errors
/// When another run has the folder, or it cannot be made or moved.
pub fn claim(out: &Path, fresh: bool) -> Result<(ResultsFolder, Option<PathBuf>), FolderError> {
    let folder = ResultsFolder::claim(out)?;
    let studies = out.join("studies");
    if !fresh || !studies.exists() {
        return Ok((folder, None));
    }
    let aside = free_name(&studies);
    let failed = |source| FolderError::System { path: studies.clone(), step: "moving aside", source };
    std::fs::rename(&studies, &aside).map_err(failed)?;
    Ok((folder, Some(aside)))
}

/// Trains what is missing, measures, writes the study's files into `{out}/studies/{name}`, and makes the folder's report again; the runs
/// are in `{out}/studies/runs`.
///
/// A run that fails is told to the listener and left out; the others go on. Where the study was stopped before, its runs go on from there.
///
/// # Errors
/// When an option makes no sense, a folder holds another run under a run's name, no run can be trained, a file cannot be
/// read or written, or somebody asked to stop.
pub fn run_study(
    study: Study,
    options: &StudyOptions,
    data: &Mnist,
    out: &ResultsFolder,
    keeping: &Keeping,
    listener: &Listener<'_>,
) -> Result<(), ExperimentError> {
    let out = out.path();
    let options = &StudyOptions { preset: options.preset.clone().on_data(data)?, ..options.clone() };
    let jobs = study.jobs(options)?;
    let context = Context {
        store: RunStore::new(&out.join("studies/runs")),
        data,
        test: TestSet::new(&data.test.take(options.preset.test_images)),
        folder: out.join("studies").join(study.name()),
        threads: options.threads,
        keeping,
        listener,
        failures: Mutex::default(),
    };
    // What is refused is refused before anything is written.
    let configuration = context.folder.join("config.toml");
    check_configuration(&configuration, &options.preset)?;
    let missing = context.missing(&jobs)?;
    write_atomically(&configuration, options.preset.to_toml()?.as_bytes())?;
    let gathered = context.train(&missing, jobs.len()).and_then(|()| {
        listener(StudyEvent::Stage("measurements"));
        study.gather(&context, options)
    });
    if let Err(stopped @ ExperimentError::Interrupted { .. }) = gathered {
        return Err(stopped);
    }
    let told = write_csv(&context.folder.join("failures.csv"), &context.failures());
    gathered?;
    told?;
    write_reports(out, &Results::read(out)?)
}

/// Fails where a study's folder is another experiment's; that it has other seeds is no difference, so that they may grow.
fn check_configuration(file: &Path, preset: &Preset) -> Result<(), ExperimentError> {
    if !file.exists() {
        return Ok(());
    }
    let mut found = Preset::from_file(file, &[])?.with_seeds(preset.seeds.clone())?;
    if found.data.is_empty() {
        // Its runs tell their data.
        found.data.clone_from(&preset.data);
    }
    Ok(same_lines(file, &found.to_toml()?, &preset.to_toml()?)?)
}

impl Context<'_> {
    /// The runs that are missing.
    fn missing<'j>(&self, jobs: &'j [Job]) -> Result<Vec<&'j Job>, ExperimentError> {
        let mut missing = Vec::new();
        for job in jobs {
            match self.store.open(job, self.data)? {
                // One that was killed right after its curve was written still has its state.
                Some(stored) => stored.tidy(self.keeping)?,
                None => missing.push(job),
            }
        }
        (self.listener)(StudyEvent::Planned { missing: missing.len(), of: jobs.len() });
        Ok(missing)
    }

    /// Trains the runs that are missing, of so many in all.
    fn train(&self, missing: &[&Job], of: usize) -> Result<(), ExperimentError> {
        let clock = Clock::new(missing.iter().copied());
        let outcomes = run_all(missing, self.threads, |job| {
            let of = RunObserver { job, clock: &clock, listener: self.listener };
            let mut epochs = Epochs { of: &of, seen: 0, behind: 0 };
            let start = Instant::now();
            let outcome = self.store.train(job, self.data, &self.test, self.keeping, &mut epochs);
            match &outcome {
                Err(ExperimentError::Interrupted { .. }) => {}
                Ok(_) => of.trained(start.elapsed().as_secs_f64()),
                Err(error) => of.failed(epochs.seen, error),
            }
            outcome.map(drop)
        });
        for (job, outcome) in missing.iter().zip(outcomes) {
            match outcome {
                // Variants of a run are told apart by the job's name.
                Err(ExperimentError::Interrupted { epoch, step, .. }) => {
                    return Err(ExperimentError::Interrupted { run: job.name.clone(), epoch, step });
                }
                Err(error) => self.note(&job.name, &error),
                Ok(()) => {}
            }
        }
        let failed = self.failures();
        match failed.first() {
            Some(first) if failed.len() == of => Err(StudyError::NoRun { of, first: first.why.clone() }.into()),
            _ => Ok(()),
        }
    }

    /// What was measured; what could not be is told and noted under its name, and left out.
    fn measured<R>(&self, found: impl IntoIterator<Item = (String, Result<R, ExperimentError>)>) -> Vec<R> {
        let good =
            |(name, found): (String, Result<R, ExperimentError>)| found.inspect_err(|error| self.failed(&name, error));
        found.into_iter().filter_map(|found| good(found).ok()).collect()
    }

    /// Tells of what failed, and notes it.
    fn failed(&self, run: &str, error: &ExperimentError) {
        self.note(run, error);
        (self.listener)(StudyEvent::Failed { run, error });
    }

    fn note(&self, run: &str, error: &ExperimentError) {
        let row = FailureRow { run: run.to_owned(), why: error.to_string() };
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).push(row);
    }

    /// The runs that failed so far, by name.
    #[must_use]
    pub fn failures(&self) -> Vec<FailureRow> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner).clone();
        failures.sort_by(|a, b| a.run.cmp(&b.run));
        failures
    }

    /// Why a run failed; empty where it did not.
    #[must_use]
    pub fn failure(&self, job: &Job) -> String {
        let found = self.failures().into_iter().find(|failure| failure.run == job.name);
        found.map_or_else(String::new, |failure| failure.why)
    }

    /// Measures every run that has been trained, several at a time; in the order of the jobs, without those that failed in
    /// training or fail now.
    ///
    /// # Errors
    /// When a run's folder holds another run.
    pub fn measure<R: Send>(
        &self,
        jobs: &[Job],
        work: impl Fn(&Job, &StoredRun) -> Result<R, ExperimentError> + Sync,
    ) -> Result<Vec<(StoredRun, R)>, ExperimentError> {
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
