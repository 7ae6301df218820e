//! Runs a study: trains and measures its runs, and writes its files.

use crate::context::Context;
use crate::error::StudyError;
use crate::options::StudyOptions;
use crate::progress::{Listener, StudyEvent};
use crate::{damping, landscape, logit_scale, matched, poison, precision, predictors, radii, seeds};
use minima_config::preset::Preset;
use minima_data::Splits;
use minima_rows::{FailureRow, write_csv};
use minima_runs::machine::Machine;
use minima_runs::training::Keeping;
use minima_runs::{Job, RunError, RunStore, TestSet};
use minima_store::{FolderError, ResultsFolder, free_name, same_lines, write_atomically};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// A study.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Study {
    /// The effect of chance: the experiment with several seeds, and the last epochs of each run.
    Seeds,
    /// The effect of early stopping: robustness at equal loss, accuracy and margin.
    Matched,
    /// The effect of wrong labels, at several rates.
    Poison,
    /// The effect of damping and learning rate.
    Damping,
    /// The effect of rounding.
    Precision,
    /// The loss around the minima and between them.
    Landscape,
    /// The differences that remain at a common scale of the logits.
    LogitScale,
    /// The measures that go with robustness.
    Predictors,
    /// The distance to the nearest misclassified image, between proofs and attacks.
    Radii,
}

/// All studies.
pub(crate) const STUDIES: [Study; 9] = [
    Study::Seeds,
    Study::Matched,
    Study::Poison,
    Study::Damping,
    Study::Precision,
    Study::Landscape,
    Study::LogitScale,
    Study::Predictors,
    Study::Radii,
];

impl Study {
    /// The study's name.
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
            Self::Predictors => "predictors",
            Self::Radii => "radii",
        }
    }

    /// The study with this name.
    ///
    /// # Errors
    /// Returns [`StudyError::Name`] if no study has this name.
    pub fn named(name: &str) -> Result<Self, StudyError> {
        STUDIES
            .into_iter()
            .find(|study| study.name() == name)
            .ok_or_else(|| StudyError::Name { found: name.to_owned(), expected: STUDIES.map(Self::name).join(", ") })
    }

    /// The runs of the study.
    ///
    /// # Errors
    /// Returns the errors of [`StudyOptions::check`] and [`StudyOptions::runs`].
    pub fn jobs(self, options: &StudyOptions) -> Result<Vec<Job>, StudyError> {
        options.check()?;
        match self {
            Self::Seeds | Self::LogitScale => options.runs(),
            Self::Matched | Self::Landscape | Self::Predictors | Self::Radii => options.clean_runs(),
            Self::Poison => poison::jobs(options),
            Self::Damping => damping::jobs(options),
            Self::Precision => precision::jobs(options),
        }
    }

    /// The default number of seeds, the preset's first ones. Studies with many runs per seed use fewer.
    #[must_use]
    pub fn seeds(self) -> usize {
        match self {
            Self::Seeds | Self::Matched | Self::LogitScale | Self::Predictors => 10,
            Self::Precision | Self::Radii => 5,
            Self::Poison | Self::Landscape => 3,
            Self::Damping => 1,
        }
    }

    /// Whether the study is about the CPU's arithmetic, so that all its runs are trained there.
    #[must_use]
    pub fn is_about_the_cpu(self) -> bool {
        self == Self::Precision
    }

    fn gather(self, context: &Context<'_>, options: &StudyOptions) -> Result<(), StudyError> {
        match self {
            Self::Seeds => seeds::gather(context, options),
            Self::Matched => matched::gather(context, options),
            Self::Poison => poison::gather(context, options),
            Self::Damping => damping::gather(context, options),
            Self::Precision => precision::gather(context, options),
            Self::Landscape => landscape::gather(context, options),
            Self::LogitScale => logit_scale::gather(context, options),
            Self::Predictors => predictors::gather(context, options),
            Self::Radii => radii::gather(context, options),
        }
    }
}

/// Claims a results folder for studies. With `fresh`, moves the studies in it aside and returns their new path.
///
/// # Errors
/// Returns the errors of [`ResultsFolder::claim`], and [`FolderError::System`] if the studies cannot be moved.
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

/// Trains the missing runs on this device, measures all runs on the CPU, and writes the study's files to `{out}/studies/{name}`. The runs are in
/// `{out}/studies/runs`.
///
/// A failed run is reported to the listener and excluded; the other runs continue. Interrupted runs resume.
///
/// # Errors
/// Returns the errors of [`Study::jobs`], and [`StudyError::NoRun`] if the training of all runs fails. Returns
/// [`StudyError::Run`] if a folder holds another experiment or another run, a file cannot be read or written, or a stop is
/// requested ([`RunError::Interrupted`]).
pub fn run_study(
    study: Study,
    options: &StudyOptions,
    data: &Splits,
    machine: &Machine,
    out: &ResultsFolder,
    keeping: &Keeping,
    listener: &Listener<'_>,
) -> Result<(), StudyError> {
    let out = out.path();
    let options = &StudyOptions { preset: options.preset.clone().on_data(data)?, ..options.clone() };
    let jobs = study.jobs(options)?;
    let context = Context {
        store: RunStore::new(&out.join("studies/runs"), machine),
        data,
        test: TestSet::new(&data.test.take(options.preset.test_images)),
        folder: out.join("studies").join(study.name()),
        threads: options.threads,
        keeping,
        listener,
        failures: Mutex::default(),
    };
    // Everything is checked before the first file is written.
    let configuration = context.folder.join("config.toml");
    check_configuration(&configuration, &options.preset)?;
    let missing = context.missing(&jobs)?;
    write_atomically(&configuration, options.preset.to_toml()?.as_bytes())?;
    let gathered = context.train(&missing, jobs.len()).and_then(|()| {
        listener(StudyEvent::Stage("measurements"));
        study.gather(&context, options)
    });
    if let Err(stopped @ StudyError::Run(RunError::Interrupted { .. })) = gathered {
        return Err(stopped);
    }
    let told = write_csv(&context.folder.join("failures.csv"), &context.failures());
    gathered?;
    Ok(told?)
}

/// Measures the stored runs of a study and writes its files as [`run_study`] does, without training. The runs may be of any device.
/// `failures` are the runs that could not be trained.
///
/// # Errors
/// Returns the errors of [`Study::jobs`], and [`StudyError::Run`] if a run or a file cannot be read or written.
pub fn gather_study(
    study: Study,
    options: &StudyOptions,
    data: &Splits,
    out: &ResultsFolder,
    failures: &[FailureRow],
    keeping: &Keeping,
    listener: &Listener<'_>,
) -> Result<(), StudyError> {
    let out = out.path();
    let options = &StudyOptions { preset: options.preset.clone().on_data(data)?, ..options.clone() };
    let jobs = study.jobs(options)?;
    let own = failures.iter().filter(|failure| jobs.iter().any(|job| job.name == failure.run));
    let context = Context {
        store: RunStore::new(&out.join("studies/runs"), &Machine::Processor).of_any_device(),
        data,
        test: TestSet::new(&data.test.take(options.preset.test_images)),
        folder: out.join("studies").join(study.name()),
        threads: options.threads,
        keeping,
        listener,
        failures: Mutex::new(own.cloned().collect()),
    };
    let configuration = context.folder.join("config.toml");
    check_configuration(&configuration, &options.preset)?;
    write_atomically(&configuration, options.preset.to_toml()?.as_bytes())?;
    study.gather(&context, options)?;
    Ok(write_csv(&context.folder.join("failures.csv"), &context.failures())?)
}

/// Checks that a study's folder holds the same experiment. The seeds may differ, so that seeds can be added.
fn check_configuration(file: &Path, preset: &Preset) -> Result<(), StudyError> {
    if !file.exists() {
        return Ok(());
    }
    let mut found = Preset::from_file(file, &[])?.with_seeds(preset.seeds.clone())?;
    if found.data_files.is_empty() {
        // The recipes of its runs name their data.
        found.data_files.clone_from(&preset.data_files);
    }
    Ok(same_lines(file, &found.to_toml()?, &preset.to_toml()?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use minima_rows::STUDY_NAMES;

    #[test]
    fn readers_of_results_know_the_same_names() {
        assert_eq!(STUDIES.map(Study::name), STUDY_NAMES);
    }
}
