//! Sealed files: JSON files with their kind, their version and the SHA-256 of their content.

use crate::atomic_file::{AtomicWriteError, write_atomically};
use crate::bounded_file::read_at_most;
use crate::hash::sha256;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A sealed file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The file exceeds the size limit.
    #[error("{}: found more than {most} bytes, the limit for this file", path.display())]
    Size {
        /// The file.
        path: PathBuf,
        /// The size limit, in bytes.
        most: u64,
    },
    /// The file is not valid JSON of this kind.
    #[error("{}: cannot be parsed as {expected}: {found}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// The parse error.
        found: String,
        /// The expected kind.
        expected: &'static str,
    },
    /// The file has another kind or version.
    #[error("{}: found {found}, expected {expected}", path.display())]
    Kind {
        /// The file.
        path: PathBuf,
        /// The kind and version of the file.
        found: String,
        /// The expected kind and version.
        expected: String,
    },
    /// The content does not match its SHA-256.
    #[error("{}: found content with SHA-256 {found}, expected {expected} as recorded in the file", path.display())]
    Hash {
        /// The file.
        path: PathBuf,
        /// The hash of the content.
        found: String,
        /// The hash that the file records.
        expected: String,
    },
    /// The content cannot be serialised to JSON.
    #[error("{}: cannot be serialised to JSON: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The serialiser's error.
        source: serde_json::Error,
    },
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] AtomicWriteError),
}

/// The kind and version of a sealed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal {
    /// What the file holds.
    pub kind: &'static str,
    /// Must increase whenever older files can no longer be read.
    pub version: u32,
}

/// The size limit. It can be this small because the tensors of a training state are in another file.
const MOST_BYTES: u64 = 256 << 20;

#[derive(Serialize, Deserialize)]
struct Envelope<C> {
    kind: String,
    version: u32,
    sha256: String,
    content: C,
}

/// The kind and version of an envelope with any content.
#[derive(Deserialize)]
struct Label {
    kind: String,
    version: u32,
}

impl Seal {
    /// Writes the content to a file, whole or not at all.
    ///
    /// # Errors
    /// Returns [`SealError::Unwritable`] if the content cannot be serialised, and [`SealError::Write`] if the file cannot be
    /// written.
    pub fn write<C: Serialize>(self, path: &Path, content: &C) -> Result<(), SealError> {
        Ok(write_atomically(path, &self.close(content, path)?)?)
    }

    /// The bytes that [`write`](Self::write) writes; errors name `path`.
    ///
    /// # Errors
    /// Returns [`SealError::Unwritable`] if the content cannot be serialised.
    pub fn close<C: Serialize>(self, content: &C, path: &Path) -> Result<Vec<u8>, SealError> {
        let failed = |source| SealError::Unwritable { path: path.to_owned(), source };
        let sha256 = sha256(&serde_json::to_vec(content).map_err(failed)?);
        let envelope = Envelope { kind: self.kind.to_owned(), version: self.version, sha256, content };
        let mut bytes = serde_json::to_vec(&envelope).map_err(failed)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// The content of a file; `None` if the file does not exist.
    ///
    /// # Errors
    /// Returns [`SealError::Read`] or [`SealError::Size`] if the file cannot be read, and the errors of [`open`](Self::open).
    pub fn read<C: Serialize + DeserializeOwned>(self, path: &Path) -> Result<Option<C>, SealError> {
        match read_at_most(path, MOST_BYTES) {
            Ok(bytes) => self.open(&bytes, path).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == ErrorKind::FileTooLarge => {
                Err(SealError::Size { path: path.to_owned(), most: MOST_BYTES })
            }
            Err(source) => Err(SealError::Read { path: path.to_owned(), source }),
        }
    }

    /// The content of a sealed file's bytes; errors name `path`.
    ///
    /// # Errors
    /// Returns [`SealError::Json`] if the bytes cannot be parsed, [`SealError::Kind`] if they have another kind or version, and
    /// [`SealError::Hash`] if the content does not match its hash.
    pub fn open<C: Serialize + DeserializeOwned>(self, bytes: &[u8], path: &Path) -> Result<C, SealError> {
        let path = || path.to_owned();
        let failed =
            |error: serde_json::Error| SealError::Json { path: path(), found: error.to_string(), expected: self.kind };
        let Label { kind, version } = serde_json::from_slice(bytes).map_err(failed)?;
        if (kind.as_str(), version) != (self.kind, self.version) {
            let found = format!("{kind}, version {version}");
            return Err(SealError::Kind {
                path: path(),
                found,
                expected: format!("{}, version {}", self.kind, self.version),
            });
        }
        let envelope: Envelope<C> = serde_json::from_slice(bytes).map_err(failed)?;
        // Serialising the parsed content reproduces the sealed bytes, because every float is read back exactly.
        let found = sha256(&serde_json::to_vec(&envelope.content).map_err(failed)?);
        if found != envelope.sha256 {
            return Err(SealError::Hash { path: path(), found, expected: envelope.sha256 });
        }
        Ok(envelope.content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEAL: Seal = Seal { kind: "a test", version: 3 };

    #[test]
    fn what_was_sealed_comes_back_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sealed.json");
        assert!(SEAL.read::<Vec<f64>>(&path).unwrap().is_none());
        let content = vec![0.1, 1e-300, -0.0, 5e-324, f64::MAX, 1.0 / 3.0];
        SEAL.write(&path, &content).unwrap();
        let back: Vec<f64> = SEAL.read(&path).unwrap().unwrap();
        assert!(back.iter().zip(&content).all(|(a, b)| a.to_bits() == b.to_bits()));

        let bytes = std::fs::read(&path).unwrap();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            let found = SEAL.open::<Vec<f64>>(&changed, &path);
            // A changed byte is detected, except in white space.
            assert!(found.is_err() || found.unwrap() == content, "byte {place}");
            // So is a file that is truncated by more than its last line break.
            assert!(SEAL.open::<Vec<f64>>(&bytes[..place], &path).is_err() || place + 1 == bytes.len());
        }
        let other = Seal { version: 4, ..SEAL }.read::<Vec<f64>>(&path).unwrap_err();
        assert!(other.to_string().contains("found a test, version 3, expected a test, version 4"), "{other}");
        assert!(matches!(Seal { kind: "another", ..SEAL }.read::<Vec<f64>>(&path), Err(SealError::Kind { .. })));
        assert!(matches!(SEAL.read::<Vec<String>>(&path), Err(SealError::Json { .. })));
    }
}
