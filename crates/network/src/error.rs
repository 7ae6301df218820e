//! The errors of descriptions of networks.

use minima_autodiff::AutodiffError;
use std::fmt;

/// A place in a description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as the caller named it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The layer with its name and the indices of the repetitions around it, such as `conv stage1_block2_conv1 (b = 2)`,
    /// or the key of the network.
    pub layer: String,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.file, self.line, self.layer)
    }
}

/// A description cannot be read, or no network follows from it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// The zoo has no network with this name.
    #[error("network is {found}; expected one of {expected}")]
    Name {
        /// The unknown name.
        found: String,
        /// The names of the zoo.
        expected: String,
    },
    /// The network has no option with this name.
    #[error("{file}: option is {found}; expected one of {expected}")]
    Option {
        /// The file of the network.
        file: String,
        /// The unknown name.
        found: String,
        /// The network's options.
        expected: String,
    },
    /// The text is not TOML.
    #[error("{file}:{line}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The fault, in one line.
        message: String,
    },
    /// A key is unknown or missing, or a value is not valid.
    #[error("{place}: found {found}, expected {expected}")]
    Content {
        /// The place of the key or value.
        place: Place,
        /// The key or value.
        found: String,
        /// The keys or values that are valid there.
        expected: String,
    },
    /// A layer does not fit its input.
    #[error("{place}, on shape {shape:?}: {source}")]
    Layer {
        /// The place of the layer.
        place: Place,
        /// The shape of the layer's input.
        shape: Vec<usize>,
        /// The error of the graph's builder.
        source: Box<AutodiffError>,
    },
    /// A network that is no description cannot be built.
    #[error(transparent)]
    Graph(Box<AutodiffError>),
    /// The network is too large.
    #[error("{place}: found {found} {what}, expected at most {most}")]
    Limit {
        /// The place where the network becomes too large.
        place: Place,
        /// The thing that is counted.
        what: &'static str,
        /// Its number.
        found: String,
        /// The largest number that is allowed.
        most: u64,
    },
}

impl From<AutodiffError> for NetworkError {
    fn from(error: AutodiffError) -> Self {
        Self::Graph(Box::new(error))
    }
}
