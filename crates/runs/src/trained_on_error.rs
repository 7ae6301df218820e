//! The errors of checkpoints and their data.

use minima_config::DataDifference;
use std::path::PathBuf;

/// A checkpoint cannot be used with this data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainedOnError {
    /// The checkpoint was trained on other data.
    #[error("{}: {difference}, the data of its training (--other-data allows other data)", checkpoint.display())]
    OtherData {
        /// The checkpoint.
        checkpoint: PathBuf,
        /// The difference between the data sets.
        difference: Box<DataDifference>,
    },
    /// The entry [`METADATA`](crate::trained_on::METADATA) cannot be parsed.
    #[error("{}: found the entry minima.data {found}, expected a data set's name and files in JSON", checkpoint.display())]
    Note {
        /// The checkpoint.
        checkpoint: PathBuf,
        /// The entry.
        found: String,
    },
}
