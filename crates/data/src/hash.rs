//! Files and their SHA-256.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::DataError;

/// SHA-256 of bytes: 64 hexadecimal digits, lower case.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

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
