//! Errors of saving a run's state and of resuming from it.

use super::file_names::STATE;
use minima_autodiff::CheckpointError;
use minima_store::AtomicWriteError;
use minima_store::SealError;
use std::path::PathBuf;

/// The state of a run cannot be saved, or the run cannot resume from it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// `state.json` cannot be used.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The file with the tensors, or the folder, cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The file with the tensors is not a complete safetensors file.
    #[error(transparent)]
    Tensors(#[from] CheckpointError),
    /// The file with the tensors does not match the hash in `state.json`.
    #[error("{}: found SHA-256 {found}, expected {expected} as recorded in {STATE}", path.display())]
    Hash {
        /// The file.
        path: PathBuf,
        /// The hash of the file.
        found: String,
        /// The hash in `state.json`.
        expected: String,
    },
    /// The tensors or the progress are not valid for this run.
    #[error("{}: found {found}, expected {expected}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// The invalid content.
        found: String,
        /// The expected content.
        expected: String,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] AtomicWriteError),
    /// A file that is no longer needed cannot be deleted.
    #[error("cannot delete {}: {source}", path.display())]
    Remove {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
}

impl StateError {
    /// Whether the state itself is invalid, as opposed to a failed read or write.
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
