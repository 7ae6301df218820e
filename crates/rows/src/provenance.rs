//! What results were made with, as far as it decides their numbers.

use minima_store::bounded_file::{self, read_at_most};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A manifest cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: expected a manifest in JSON, found: {found}", path.display())]
pub struct ProvenanceError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub found: String,
}

/// The part of `manifest.json` that a report shows. Times and facts about the machine are left where they are: equal results
/// give equal reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The crate's version.
    pub version: String,
    /// The preset's name, or its file's.
    pub preset: String,
    /// The data set's name; `None` in a manifest that does not have it.
    #[serde(default)]
    pub data_name: Option<String>,
    /// The folder of the data as it was given; `None` for MNIST, and in a manifest that does not have it.
    #[serde(default)]
    pub data_folder: Option<String>,
    /// SHA-256 of each data file.
    pub data: BTreeMap<String, String>,
}

impl Provenance {
    /// Reads a manifest; none where there is no such file.
    ///
    /// # Errors
    /// When the file cannot be read or is no manifest.
    pub fn read(path: &Path) -> Result<Option<Self>, ProvenanceError> {
        if !path.is_file() {
            return Ok(None);
        }
        let bytes = read_at_most(path, bounded_file::TEXT);
        let bytes = bytes.map_err(|error| ProvenanceError { path: path.to_owned(), found: error.to_string() })?;
        Self::from_json(&bytes, path).map(Some)
    }

    /// As [`read`](Self::read), from the bytes of a file; errors name `path`.
    ///
    /// # Errors
    /// When they are no manifest.
    pub fn from_json(bytes: &[u8], path: &Path) -> Result<Self, ProvenanceError> {
        serde_json::from_slice(bytes)
            .map_err(|error| ProvenanceError { path: path.to_owned(), found: error.to_string() })
    }
}
