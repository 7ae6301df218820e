//! Why a preset could not be made.

use crate::data_identity::DataDifference;
use crate::seed::SeedError;
use std::path::PathBuf;

/// A preset could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PresetError {
    /// No preset of that name is compiled in.
    #[error("preset {found}: expected one of {expected}")]
    Name {
        /// The name.
        found: String,
        /// The names there are.
        expected: String,
    },
    /// The preset has no optimizer of that name.
    #[error("optimizer is {found}; expected one of {expected}")]
    Optimizer {
        /// The name.
        found: String,
        /// The names there are.
        expected: String,
    },
    /// A file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is no TOML, or its keys and values are not those of a preset.
    #[error("{origin}: {message}")]
    Content {
        /// The file, the preset or the override.
        origin: String,
        /// What is wrong, in one line.
        message: String,
    },
    /// The data has fewer images than asked for.
    #[error("{key} is {asked}; the data has {there}")]
    TooFewImages {
        /// The key.
        key: &'static str,
        /// The images asked for.
        asked: usize,
        /// The images there are.
        there: usize,
    },
    /// The data is another data set than the configuration names.
    #[error("{0}, the data of the configuration (--data names the folder)")]
    Data(Box<DataDifference>),
    /// A seed is too large.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// A value makes no sense.
    #[error("{key} is {found}; expected {expected}")]
    Value {
        /// The key.
        key: String,
        /// Its value.
        found: String,
        /// What it may be.
        expected: &'static str,
    },
}
