//! Errors of presets.

use crate::data_identity::DataDifference;
use crate::network_choice::NetworkChoiceError;
use crate::seed::SeedError;
use std::path::PathBuf;

/// A preset is invalid.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PresetError {
    /// No built-in preset has this name.
    #[error("preset is {found}; expected one of {expected}")]
    Name {
        /// The unknown name.
        found: String,
        /// The names of the built-in presets.
        expected: String,
    },
    /// The preset has no optimizer with this name.
    #[error("optimizer is {found}; expected one of {expected}")]
    Optimizer {
        /// The unknown name.
        found: String,
        /// The names of the preset's optimizers.
        expected: String,
    },
    /// A file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The text is not valid TOML, or has other keys or types than a preset.
    #[error("{origin}: {message}")]
    Content {
        /// The file, the preset or the override.
        origin: String,
        /// The fault, in one line.
        message: String,
    },
    /// The data has fewer images than the preset requests.
    #[error("{key} is {asked}; the data has {there} images")]
    TooFewImages {
        /// The key.
        key: &'static str,
        /// The number of requested images.
        asked: usize,
        /// The number of images in the data.
        there: usize,
    },
    /// No training image remains beside the held-out images.
    #[error("validation_images is {asked}; expected less than {there}, the number of training images in the data")]
    ValidationImages {
        /// The number of images to hold out.
        asked: usize,
        /// The number of training images in the data.
        there: usize,
    },
    /// Too few training images remain beside the held-out images.
    #[error(
        "train_images is {asked}; expected at most {left}, because the data has {there} training images and validation_images \
         is {validation}"
    )]
    TooFewImagesLeft {
        /// The number of requested training images.
        asked: usize,
        /// The number of training images that are not held out.
        left: usize,
        /// The number of held-out images.
        validation: usize,
        /// The number of training images in the data.
        there: usize,
    },
    /// The data is not the data set of the configuration.
    #[error("{0} as in the configuration (--data sets the folder)")]
    Data(Box<DataDifference>),
    /// The network cannot be read, or does not fit the data.
    #[error(transparent)]
    Network(Box<NetworkChoiceError>),
    /// A seed is too large.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// An attack of the key `attacks` is unknown, or has no L∞ norm.
    #[error("attacks: {0}")]
    Attack(#[from] minima_attacks::AttackError),
    /// A value is out of its range.
    #[error("{key} is {found}; expected {expected}")]
    Value {
        /// The key.
        key: String,
        /// Its value.
        found: String,
        /// The range of valid values.
        expected: &'static str,
    },
}

impl From<NetworkChoiceError> for PresetError {
    fn from(error: NetworkChoiceError) -> Self {
        Self::Network(Box::new(error))
    }
}
