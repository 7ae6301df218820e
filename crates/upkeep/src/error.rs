use std::path::PathBuf;
use thiserror::Error;

/// What kept a check from being made.
#[derive(Debug, Error)]
pub enum UpkeepError {
    /// A file that could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A program that could not be started.
    #[error("{program} could not be started: {source}")]
    Start {
        /// The program.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// A program that ended with an error.
    #[error("{command} failed: {stderr}")]
    Failed {
        /// What was called.
        command: String,
        /// What it said.
        stderr: String,
    },
    /// A `deny.toml` that does not say what is expected of it.
    #[error("{}: {source}", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// What was found.
        source: Box<toml::de::Error>,
    },
    /// A value in `deny.toml` that this crate does not enforce.
    #[error("{}: {key} is {found:?}, expected {expected}", path.display())]
    PolicyValue {
        /// The file.
        path: PathBuf,
        /// The key.
        key: &'static str,
        /// Its value.
        found: String,
        /// What it may be.
        expected: &'static str,
    },
    /// What cargo says of the workspace, in a form that is not known.
    #[error("cargo metadata: {0}")]
    Metadata(#[from] cargo_metadata::Error),
    /// A line of public items, or of what precedes them, that is not known.
    #[error("{}: {found:?}, expected {expected}", path.display())]
    Items {
        /// The file.
        path: PathBuf,
        /// The line.
        found: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A file of rustdoc's that could not be understood.
    #[error("{}: {source}", path.display())]
    Rustdoc {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<public_api::Error>,
    },
}
