//! The errors of baselines.

use minima_store::AtomicWriteError;
use std::path::PathBuf;

/// A baseline cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BaselineError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A line is not a number with its name and tolerance.
    #[error("{}: {source}; expected the columns \"name,value,tolerance\"", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The line and what is wrong with it.
        source: csv::Error,
    },
    /// Two numbers have the same name.
    #[error("found {name:?} twice, expected each name once")]
    Twice {
        /// The name.
        name: String,
    },
    /// A tolerance is negative or NaN.
    #[error("found the tolerance {found} of {name:?}, expected a number from 0")]
    Tolerance {
        /// The name of the number.
        name: String,
        /// The tolerance.
        found: f64,
    },
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] AtomicWriteError),
}
