//! The errors of results folders.

use crate::atomic_file::AtomicWriteError;
use std::path::PathBuf;

/// A folder cannot be written to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// Another run writes to it.
    #[error("{}: another run is writing to this folder (wait until it ends, or stop it with Ctrl-C)", .0.display())]
    Busy(PathBuf),
    /// It holds results of another configuration.
    #[error(
        "{}: found `{found}`, expected `{expected}` (use another --out, or move the existing results aside with --fresh)",
        path.display()
    )]
    Other {
        /// The file that holds the configuration.
        path: PathBuf,
        /// Its first line that differs.
        found: String,
        /// The same line of the requested configuration.
        expected: String,
    },
    /// An operation of the file system failed.
    #[error("{}: {step} failed: {source}", path.display())]
    System {
        /// The folder or file.
        path: PathBuf,
        /// The step that failed.
        step: &'static str,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] AtomicWriteError),
}
