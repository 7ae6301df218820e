//! The errors of reports.

use crate::figures::FigureError;
use crate::results::ResultsError;
use minima_store::AtomicWriteError;

/// A report or one of its figures could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The results cannot be read.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// A figure cannot be drawn.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] AtomicWriteError),
}
