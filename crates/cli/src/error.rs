//! The error type of commands that train and report.

use minima_config::PartsError;
use minima_report::ReportError;
use minima_report::figures::FigureError;
use minima_report::results::ResultsError;
use minima_runs::RunError;

/// A command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// A model could not be trained, attacked, measured or stored.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A report or a figure could not be made.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The parts of a results folder are not valid.
    #[error(transparent)]
    Parts(#[from] PartsError),
    /// One part of several failed. The others were run.
    #[error("part {name}: {source}")]
    Part {
        /// The part.
        name: String,
        /// Its error.
        source: Box<CommandError>,
    },
    /// The manifest cannot be written as JSON.
    #[error("manifest.json: {0}")]
    Json(#[from] serde_json::Error),
}

/// Converts the errors of runs and reports to [`CommandError`].
macro_rules! errors_of {
    ($variant:ident: $($error:ty),*) => {
        $(impl From<$error> for CommandError {
            fn from(error: $error) -> Self {
                Self::$variant(error.into())
            }
        })*
    };
}

errors_of!(
    Run: minima_attacks::AttackError,
    minima_autodiff::AutodiffError,
    minima_config::preset::PresetError,
    minima_data::DataError,
    minima_metrics::MetricsError,
    minima_rows::RecordError,
    minima_store::AtomicWriteError,
    minima_store::FolderError,
    minima_store::SealError
);
errors_of!(Report: FigureError, ResultsError);
