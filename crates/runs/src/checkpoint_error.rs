//! The errors of what checkpoints say about themselves.

use minima_config::DataDifference;
use std::path::PathBuf;

/// A checkpoint cannot be used with this data, or does not say enough about itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointNoteError {
    /// The checkpoint was trained on other data.
    #[error("{}: {difference}, the data of its training (--other-data allows other data)", checkpoint.display())]
    OtherData {
        /// The checkpoint.
        checkpoint: PathBuf,
        /// The difference between the data sets.
        difference: Box<DataDifference>,
    },
    /// The checkpoint does not name its network.
    #[error("{}: the file does not name its network; --network gives a name of the zoo or a description", checkpoint.display())]
    NoNetwork {
        /// The checkpoint.
        checkpoint: PathBuf,
    },
    /// The checkpoint does not name its data.
    #[error("{}: the file does not name its data; --data gives it", checkpoint.display())]
    NoData {
        /// The checkpoint.
        checkpoint: PathBuf,
    },
    /// The entry [`METADATA`](crate::checkpoint::METADATA) cannot be parsed.
    #[error("{}: found the entry minima {found}, expected a network, data and training in JSON", checkpoint.display())]
    Note {
        /// The checkpoint.
        checkpoint: PathBuf,
        /// The entry.
        found: String,
    },
}
