//! Why the state of a run cannot be gone on from, or not be kept.

use super::file_names::STATE;
use minima_autodiff::CheckpointError;
use minima_store::AtomicWriteError;
use minima_store::SealError;
use std::path::PathBuf;

/// A state cannot be gone on from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// `state.json` cannot be used.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The file of the numbers cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file of the numbers is no whole safetensors file.
    #[error(transparent)]
    Tensors(#[from] CheckpointError),
    /// The file of the numbers is not the one that `state.json` was written with.
    #[error("{}: found SHA-256 {found}, expected {expected} as {STATE} says", path.display())]
    Hash {
        /// The file.
        path: PathBuf,
        /// Its hash.
        found: String,
        /// The hash of the file that was written.
        expected: String,
    },
    /// The numbers or the progress are not those of such a run.
    #[error("{}: found {found}, expected {expected}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is in it.
        found: String,
        /// What should be.
        expected: String,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] AtomicWriteError),
    /// A file that is no longer needed cannot be taken away.
    #[error("cannot take away {}: {source}", path.display())]
    Remove {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
}

impl StateError {
    /// Whether the state itself is of no use, and not the disk to blame.
    #[must_use]
    pub fn is_spoilt(&self) -> bool {
        !matches!(
            self,
            Self::Read { .. }
                | Self::Write(_)
                | Self::Remove { .. }
                | Self::Seal(SealError::Read { .. } | SealError::Write(_) | SealError::Unwritable { .. })
        )
    }
}
