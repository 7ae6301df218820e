//! The errors of a study.

use minima_attacks::AttackError;
use minima_autodiff::AutodiffError;
use minima_config::NetworkChoiceError;
use minima_config::preset::PresetError;
use minima_data::DataError;
use minima_metrics::MetricsError;
use minima_optim::OptimError;
use minima_rows::RecordError;
use minima_runs::RunError;
use minima_store::{AtomicWriteError, FolderError, SealError};

/// A study failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StudyError {
    /// A run could not be trained, attacked, measured or stored.
    #[error(transparent)]
    Run(#[from] RunError),
    /// No study has this name.
    #[error("study is {found}; expected one of {expected}")]
    Name {
        /// The unknown name.
        found: String,
        /// The names of all studies.
        expected: String,
    },
    /// The training of all runs failed.
    #[error("the training of all {of} runs failed; the first error is: {first}")]
    NoRun {
        /// The number of runs.
        of: usize,
        /// The first error.
        first: String,
    },
    /// The settings of a sweep cannot be used.
    #[error("plan.json: {what} is {found}; expected {expected} (plan the sweep again with --fresh)")]
    Settings {
        /// The part of the settings.
        what: &'static str,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// A job is not the one that was planned: its line, the data or the program has changed.
    #[error("job {number}, {name}: found {found}, expected {expected} (the plan, the data or the program has changed)")]
    Planned {
        /// The number of the job.
        number: u64,
        /// The name of the job.
        name: String,
        /// What was found.
        found: String,
        /// What was planned.
        expected: String,
    },
    /// The plan or the claims of a sweep cannot be used.
    #[error(transparent)]
    Sweep(#[from] minima_sweep::SweepError),
    /// The value of an option is invalid.
    #[error("{option} is {found}; expected {expected}")]
    Option {
        /// The option.
        option: &'static str,
        /// The option's value.
        found: String,
        /// The valid values.
        expected: String,
    },
}

/// Converts these errors through [`RunError`].
macro_rules! errors_of_runs {
    ($($error:ty),*) => {
        $(impl From<$error> for StudyError {
            fn from(error: $error) -> Self {
                Self::Run(error.into())
            }
        })*
    };
}

errors_of_runs!(
    AttackError,
    AtomicWriteError,
    AutodiffError,
    DataError,
    FolderError,
    MetricsError,
    OptimError,
    PresetError,
    RecordError,
    SealError,
    NetworkChoiceError
);
