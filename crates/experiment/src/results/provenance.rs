//! What results were made with, as far as it decides their numbers.

use super::ResultsError;
use minima_data::mnist::FILES;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The part of `manifest.json` that a report shows. Times and facts about the machine are left where they are: equal results
/// give equal reports.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Provenance {
    /// The crate's version.
    pub version: String,
    /// The preset's name, or its file's.
    pub preset: String,
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
        let failed = |found: String| ResultsError::Manifest { path: path.to_owned(), found };
        let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        serde_json::from_str(&text).map(Some).map_err(|error| failed(error.to_string()))
    }

    /// Whether the data are the four files committed with this project.
    #[must_use]
    pub fn data_is_the_committed(&self) -> bool {
        self.data.len() == FILES.len() && FILES.iter().all(|(_, known)| self.data.values().any(|hash| hash == known))
    }
}
