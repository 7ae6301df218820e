use std::path::PathBuf;
use thiserror::Error;

/// An error that prevented a check.
#[derive(Debug, Error)]
pub enum UpkeepError {
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A program could not be started.
    #[error("{program} cannot be started: {source}")]
    Start {
        /// The program.
        program: String,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A program failed.
    #[error("{command} failed: {stderr}")]
    Failed {
        /// The command.
        command: String,
        /// Its output on stderr.
        stderr: String,
    },
    /// A `deny.toml` is not valid.
    #[error("{}: {source}", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// The error of the parser.
        source: Box<toml::de::Error>,
    },
    /// A value in `deny.toml` that this crate does not enforce.
    #[error("{}: {key} is {found:?}, expected {expected}", path.display())]
    PolicyValue {
        /// The file.
        path: PathBuf,
        /// The key.
        key: &'static str,
        /// The value of the key.
        found: String,
        /// The expected value.
        expected: &'static str,
    },
    /// The output of `cargo metadata` is not valid, or the command failed.
    #[error("cargo metadata: {0}")]
    Metadata(#[from] cargo_metadata::Error),
    /// A line in a list of public items, or in rustdoc's JSON, is not valid.
    #[error("{}: found {found:?}, expected {expected}", path.display())]
    Items {
        /// The file.
        path: PathBuf,
        /// The line, or the error of the parser.
        found: String,
        /// The expected form.
        expected: &'static str,
    },
    /// Rustdoc's JSON is not valid.
    #[error("{}: {source}", path.display())]
    Rustdoc {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: Box<public_api::Error>,
    },
}
