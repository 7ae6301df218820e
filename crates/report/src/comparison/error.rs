//! Why two results folders cannot be compared.

use std::path::PathBuf;

/// What can go wrong when results are compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComparisonError {
    /// A folder holds no result file that is known.
    #[error("{}: found no result file, expected a folder with training.csv, tables/ or studies/", folder.display())]
    NoResults {
        /// The folder.
        folder: PathBuf,
    },
    /// A folder holds files of an earlier version of this program.
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
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file is no CSV.
    #[error("{}: {source}", path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
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
    /// A cell that should hold a number does not.
    #[error("{}: {column} is \"{found}\"; expected a finite number", path.display())]
    Number {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// The cell.
        found: String,
    },
    /// The folder's `config.toml` is no TOML.
    #[error("{}: {message}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// Numbers cannot be compared.
    #[error(transparent)]
    Metrics(#[from] minima_metrics::MetricsError),
}
