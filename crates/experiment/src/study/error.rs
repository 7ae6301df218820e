//! Why a study could not go on.

use std::path::PathBuf;

/// What can go wrong in a study, beside its runs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StudyError {
    /// There is no study of that name.
    #[error("study {found}: expected one of {expected}")]
    Name {
        /// The name.
        found: String,
        /// The names there are.
        expected: String,
    },
    /// A run cannot be described as TOML.
    #[error("{run}: its recipe is no TOML: {message}")]
    Recipe {
        /// The run.
        run: String,
        /// What is wrong with it.
        message: String,
    },
    /// A file of a stored run cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A run that is needed has not been trained.
    #[error("{run}: found no trained run, expected one (its training failed?)")]
    NotTrained {
        /// The run.
        run: String,
    },
    /// None of a study's runs could be trained.
    #[error("none of {of} runs could be trained; the first said: {first}")]
    NoRun {
        /// The runs.
        of: usize,
        /// The first one's error.
        first: String,
    },
    /// An option makes no sense.
    #[error("{option} is {found}; expected {expected}")]
    Option {
        /// The option.
        option: &'static str,
        /// Its value.
        found: String,
        /// What it may be.
        expected: String,
    },
}
