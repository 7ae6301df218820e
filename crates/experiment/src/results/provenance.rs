//! What results were made with, as far as it decides their numbers.

use super::ResultsError;
use crate::bounded_file::{self, read_at_most};
use crate::data_identity::DataIdentity;
use minima_data::mnist::FILES;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

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
    pub fn read(path: &Path) -> Result<Option<Self>, ResultsError> {
        if !path.is_file() {
            return Ok(None);
        }
        let bytes = read_at_most(path, bounded_file::TEXT);
        let bytes =
            bytes.map_err(|error| ResultsError::Manifest { path: path.to_owned(), found: error.to_string() })?;
        Self::from_json(&bytes, path).map(Some)
    }

    /// As [`read`](Self::read), from the bytes of a file; errors name `path`.
    ///
    /// # Errors
    /// When they are no manifest.
    pub fn from_json(bytes: &[u8], path: &Path) -> Result<Self, ResultsError> {
        serde_json::from_slice(bytes)
            .map_err(|error| ResultsError::Manifest { path: path.to_owned(), found: error.to_string() })
    }

    /// The data set, where the manifest names files.
    pub(super) fn data_identity(&self) -> Option<DataIdentity> {
        let named = |name: String| DataIdentity { name, files: self.data.clone() };
        let identity = self.data_name.clone().map_or_else(|| named(String::new()).with_known_name(), named);
        (!self.data.is_empty()).then_some(identity)
    }

    /// Whether the data are the four files committed with this project.
    #[must_use]
    pub fn data_is_the_committed(&self) -> bool {
        self.data.len() == FILES.len() && FILES.iter().all(|(_, known)| self.data.values().any(|hash| hash == known))
    }
}
