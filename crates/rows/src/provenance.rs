//! The inputs that decide the numbers of results.

use minima_store::bounded_file::{self, read_at_most};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A manifest cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot be read as a manifest: {found}", path.display())]
pub struct ProvenanceError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub found: String,
}

/// The part of `manifest.json` that a report shows. It excludes times and facts about the device, so that equal results give
/// equal reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The crate's version.
    pub version: String,
    /// The name of the preset or of its file.
    pub preset: String,
    /// The data set's name; `None` if the manifest does not have it.
    #[serde(default)]
    pub data_name: Option<String>,
    /// The given folder of the data; `None` for MNIST, or if the manifest does not have it.
    #[serde(default)]
    pub data_folder: Option<String>,
    /// SHA-256 of each data file.
    pub data: BTreeMap<String, String>,
    /// What the manifest says of the images.
    #[serde(default)]
    pub images: ImagesNote,
}

/// What a manifest says of the images.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImagesNote {
    /// The names of the classes; empty if the manifest does not have them.
    #[serde(default)]
    pub class_names: Vec<String>,
}

/// The name of a class, or its number if it has none.
#[must_use]
pub fn class_name(names: &[String], class: usize) -> String {
    names.get(class).filter(|name| !name.is_empty()).cloned().unwrap_or_else(|| class.to_string())
}

impl Provenance {
    /// Reads a manifest; `None` if the file does not exist.
    ///
    /// # Errors
    /// Returns [`ProvenanceError`] if the file cannot be read or is not a valid manifest.
    pub fn read(path: &Path) -> Result<Option<Self>, ProvenanceError> {
        if !path.is_file() {
            return Ok(None);
        }
        let bytes = read_at_most(path, bounded_file::TEXT);
        let bytes = bytes.map_err(|error| ProvenanceError { path: path.to_owned(), found: error.to_string() })?;
        Self::from_json(&bytes, path).map(Some)
    }

    /// Parses the bytes of a manifest; errors name `path`.
    ///
    /// # Errors
    /// Returns [`ProvenanceError`] if the bytes are not a valid manifest.
    pub fn from_json(bytes: &[u8], path: &Path) -> Result<Self, ProvenanceError> {
        serde_json::from_slice(bytes)
            .map_err(|error| ProvenanceError { path: path.to_owned(), found: error.to_string() })
    }
}
