//! The errors of a study.

use minima_attacks::AttackError;
use minima_autodiff::AutodiffError;
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
    /// There is no study of that name.
    #[error("study {found}: expected one of {expected}")]
    Name {
        /// The name.
        found: String,
        /// The names there are.
        expected: String,
    },
    /// None of a study's runs could be trained.
    #[error("none of {of} runs could be trained; the first said: {first}")]
    NoRun {
        /// The runs.
        of: usize,
        /// The first one's error.
        first: String,
    },
    /// An option makes no sense.
    #[error("{option} is {found}; expected {expected}")]
    Option {
        /// The option.
        option: &'static str,
        /// Its value.
        found: String,
        /// What it may be.
        expected: String,
    },
}

/// Errors that a run can have too are errors of a run.
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
    SealError
);
