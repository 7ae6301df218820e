//! JSON files that say what they are, in which version, and carry the SHA-256 of what they hold.

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
    /// It cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// It is larger than such a file can be.
    #[error("{}: found more than {most} bytes, expected a smaller file", path.display())]
    Size {
        /// The file.
        path: PathBuf,
        /// The most that is read.
        most: u64,
    },
    /// It is no JSON of this kind.
    #[error("{}: found {found}, expected {expected} in JSON", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        found: String,
        /// What it should be.
        expected: &'static str,
    },
    /// It is something else, or of another version.
    #[error("{}: found {found}, expected {expected}", path.display())]
    Kind {
        /// The file.
        path: PathBuf,
        /// What it says it is.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// Its content is not what was sealed.
    #[error("{}: found SHA-256 {found} of its content, expected {expected} as it says itself", path.display())]
    Hash {
        /// The file.
        path: PathBuf,
        /// The hash of its content.
        found: String,
        /// The hash that it carries.
        expected: String,
    },
    /// Its content cannot be put into JSON.
    #[error("{}: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] AtomicWriteError),
}

/// What a sealed file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal {
    /// What it holds.
    pub kind: &'static str,
    /// Goes up whenever what was written before can no longer be understood.
    pub version: u32,
}

/// Larger files are not read: a state's numbers lie in another file.
const MOST_BYTES: u64 = 256 << 20;

#[derive(Serialize, Deserialize)]
struct Envelope<C> {
    kind: String,
    version: u32,
    sha256: String,
    content: C,
}

/// The first part of any envelope, whatever its content is.
#[derive(Deserialize)]
struct Label {
    kind: String,
    version: u32,
}

impl Seal {
    /// Writes the content to a file, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be put into JSON, or not be written.
    pub fn write<C: Serialize>(self, path: &Path, content: &C) -> Result<(), SealError> {
        Ok(write_atomically(path, &self.close(content, path)?)?)
    }

    /// The bytes that [`write`](Self::write) writes; errors name `path`.
    ///
    /// # Errors
    /// When it cannot be put into JSON.
    pub fn close<C: Serialize>(self, content: &C, path: &Path) -> Result<Vec<u8>, SealError> {
        let failed = |source| SealError::Unwritable { path: path.to_owned(), source };
        let sha256 = sha256(&serde_json::to_vec(content).map_err(failed)?);
        let envelope = Envelope { kind: self.kind.to_owned(), version: self.version, sha256, content };
        let mut bytes = serde_json::to_vec(&envelope).map_err(failed)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// The content of a file; `None` where there is no such file.
    ///
    /// # Errors
    /// When it cannot be read, is something else, of another version, or not what was sealed.
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

    /// As [`read`](Self::read), from bytes; errors name `path`.
    ///
    /// # Errors
    /// As there.
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
        // What was sealed is written again to the same bytes: every float is read back as it was.
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
            // White space apart, a changed byte is found.
            assert!(found.is_err() || found.unwrap() == content, "byte {place}");
            // So does one that is cut short by more than its last line break.
            assert!(SEAL.open::<Vec<f64>>(&bytes[..place], &path).is_err() || place + 1 == bytes.len());
        }
        let other = Seal { version: 4, ..SEAL }.read::<Vec<f64>>(&path).unwrap_err();
        assert!(other.to_string().contains("found a test, version 3, expected a test, version 4"), "{other}");
        assert!(matches!(Seal { kind: "another", ..SEAL }.read::<Vec<f64>>(&path), Err(SealError::Kind { .. })));
        assert!(matches!(SEAL.read::<Vec<String>>(&path), Err(SealError::Json { .. })));
    }
}
