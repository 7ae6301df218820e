//! The errors of comparisons.

use minima_config::PartsError;
use std::path::PathBuf;

/// Two results folders could not be compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComparisonError {
    /// A folder contains no known result file.
    #[error("{}: found no result file, expected a folder with training.csv, tables/ or studies/", folder.display())]
    NoResults {
        /// The folder.
        folder: PathBuf,
    },
    /// One of the folders has parts, and this one has none.
    #[error("{}: found no parts.toml, expected a folder with parts, as the other one is (or compare with the folder of one part)", folder.display())]
    NoParts {
        /// The folder.
        folder: PathBuf,
    },
    /// The list of a folder's parts is not as expected.
    #[error(transparent)]
    Parts(#[from] PartsError),
    /// A folder contains files of an earlier version of this program.
    #[error("{}: found results of an earlier version, expected a folder with tables/fgsm.csv (run the experiment again)", folder.display())]
    EarlierVersion {
        /// The folder.
        folder: PathBuf,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A file is not valid CSV.
    #[error("{}: {source}", path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// The error.
        source: csv::Error,
    },
    /// A column is missing.
    #[error("{}: found no column {column}, expected one", path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
    },
    /// A cell that should contain a finite number does not.
    #[error("{}: {column} is \"{found}\"; expected a finite number", path.display())]
    Number {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// The cell.
        found: String,
    },
    /// The folder's `config.toml` is not valid TOML.
    #[error("{}: {message}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// The error.
        message: String,
    },
    /// Numbers cannot be compared.
    #[error(transparent)]
    Metrics(#[from] minima_metrics::MetricsError),
}
