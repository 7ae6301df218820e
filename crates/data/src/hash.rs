//! Files and their SHA-256.

use std::path::{Path, PathBuf};

use crate::error::DataError;
use minima_store::sha256;

/// A file that was read, and the SHA-256 of its bytes on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileHash {
    /// The file.
    pub file: PathBuf,
    /// The SHA-256 of the file: 64 hexadecimal digits, lower case.
    pub sha256: String,
}

impl FileHash {
    pub(crate) fn of(file: &Path, bytes: &[u8]) -> Self {
        Self { file: file.to_path_buf(), sha256: sha256(bytes) }
    }

    /// Compares with a known SHA-256.
    ///
    /// # Errors
    ///
    /// Returns [`DataError::Hash`] if the SHA-256 differs.
    pub fn verify(&self, expected: &str) -> Result<(), DataError> {
        if self.sha256 == expected {
            return Ok(());
        }
        Err(DataError::Hash { file: self.file.clone(), found: self.sha256.clone(), expected: expected.to_string() })
    }
}
