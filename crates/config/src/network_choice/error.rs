//! The errors of an experiment's network.

use minima_network::NetworkError;
use std::path::PathBuf;

/// A network cannot be read, or does not fit the data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkChoiceError {
    /// The description is not valid.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A key has another value than expected.
    #[error("network: found {found}, expected {expected}")]
    Key {
        /// The key and its value.
        found: String,
        /// The valid values.
        expected: &'static str,
    },
    /// The network is for other images.
    #[error("{network}: found a network for {found}, expected one for {expected}, as in the data")]
    Data {
        /// The network.
        network: String,
        /// Shape and classes of the network.
        found: String,
        /// Shape and classes of the data.
        expected: String,
    },
    /// A registered network has no description.
    #[error(
        "the network {network} is registered by this program and has no description; expected a network of the zoo or of a file"
    )]
    NoDescription {
        /// The network.
        network: String,
    },
    /// A checkpoint's network is registered by the program that trained it, but not in this one.
    #[error(
        "{place}: found the network {name}, which another program registered; expected one that is registered in this program: {expected}"
    )]
    NotRegistered {
        /// The checkpoint.
        place: String,
        /// The network.
        name: String,
        /// The names of the registered networks.
        expected: String,
    },
}
