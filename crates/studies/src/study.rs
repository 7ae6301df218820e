//! A study: the runs that it needs, trained, measured and gathered into files.

use crate::context::Context;
use crate::error::StudyError;
use crate::options::StudyOptions;
use crate::progress::{Listener, StudyEvent};
use crate::{damping, landscape, logit_scale, matched, poison, precision, seeds};
use minima_config::preset::Preset;
use minima_data::Mnist;
use minima_rows::write_csv;
use minima_runs::training::Keeping;
use minima_runs::{Job, RunError, RunStore, TestSet};
use minima_store::{FolderError, ResultsFolder, free_name, same_lines, write_atomically};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

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
pub(crate) const STUDIES: [Study; 7] = [
    Study::Seeds,
    Study::Matched,
    Study::Poison,
    Study::Damping,
    Study::Precision,
    Study::Landscape,
    Study::LogitScale,
];

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
    pub fn jobs(self, options: &StudyOptions) -> Result<Vec<Job>, StudyError> {
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

    fn gather(self, context: &Context<'_>, options: &StudyOptions) -> Result<(), StudyError> {
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

/// Trains what is missing, measures, and writes the study's files into `{out}/studies/{name}`; the runs are in
/// `{out}/studies/runs`.
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
) -> Result<(), StudyError> {
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
    if let Err(stopped @ StudyError::Run(RunError::Interrupted { .. })) = gathered {
        return Err(stopped);
    }
    let told = write_csv(&context.folder.join("failures.csv"), &context.failures());
    gathered?;
    Ok(told?)
}

/// Fails where a study's folder is another experiment's; that it has other seeds is no difference, so that they may grow.
fn check_configuration(file: &Path, preset: &Preset) -> Result<(), StudyError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use minima_rows::STUDY_NAMES;

    #[test]
    fn readers_of_results_know_the_same_names() {
        assert_eq!(STUDIES.map(Study::name), STUDY_NAMES);
    }
}
