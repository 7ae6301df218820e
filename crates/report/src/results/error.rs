//! [`ResultsError`].

use minima_config::PartsError;
use minima_config::preset::PresetError;
use minima_rows::{ProvenanceError, RecordError};
use std::path::PathBuf;

/// A results folder could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    /// The folder does not exist.
    #[error("{}: found no folder, expected one with results", .0.display())]
    Missing(PathBuf),
    /// The folder contains no result.
    #[error("{}: found no result, expected training.csv, a file in tables or a file in studies", .0.display())]
    Empty(PathBuf),
    /// No part of the folder has results.
    #[error("{}: found no part with results, expected some in a subfolder: {expected}", folder.display())]
    NoPart {
        /// The folder.
        folder: PathBuf,
        /// The names of its parts.
        expected: String,
    },
    /// The folder's list of parts is not as expected.
    #[error(transparent)]
    Parts(#[from] PartsError),
    /// The folder contains files of an earlier version of this program.
    #[error("{}: found results of an earlier version, expected a folder with tables/fgsm.csv (run the experiment again)", .0.display())]
    EarlierVersion(PathBuf),
    /// A CSV file is not as expected.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The configuration is not as expected.
    #[error(transparent)]
    Preset(#[from] PresetError),
    /// The manifest cannot be read.
    #[error(transparent)]
    Manifest(#[from] ProvenanceError),
    /// A row has an impossible value.
    #[error("{}: found {found}, expected {expected}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// The value.
        found: String,
        /// The expected values.
        expected: &'static str,
    },
}
