//! The errors of ONNX files.

use minima_autodiff::AutodiffError;
use minima_network::NetworkError;
use std::fmt;
use std::path::PathBuf;

/// A node that has no counterpart in a network of minima.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// The node's name, or its first output if it has none.
    pub node: String,
    /// The operator, such as `Resize`.
    pub operator: String,
    /// The operator, attribute or input that is not supported.
    pub found: String,
    /// What is supported there.
    pub expected: String,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node, operator, found, expected } = self;
        write!(formatter, "{node} ({operator}): found {found}, expected {expected}")
    }
}

/// An ONNX file cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The bytes are not a message of ONNX.
    #[error("{file}: found bytes that are no ONNX model ({message}), expected one")]
    Message {
        /// The file.
        file: String,
        /// The fault.
        message: String,
    },
    /// The file is an ONNX model, but not one of a classifier that can be imported.
    #[error("{file}: {place}: found {found}, expected {expected}")]
    Content {
        /// The file.
        file: String,
        /// The tensor, input, output or option.
        place: String,
        /// What is there.
        found: String,
        /// What could be there.
        expected: String,
    },
    /// Nodes have no counterpart. Every such node is listed.
    #[error("{file}: {} of its nodes cannot be imported:\n{}", nodes.len(), listed(nodes))]
    Unsupported {
        /// The file.
        file: String,
        /// The nodes.
        nodes: Vec<Unsupported>,
    },
    /// The network cannot be built.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The parameters do not fit the network.
    #[error(transparent)]
    Autodiff(#[from] AutodiffError),
    /// A layer of a network cannot be written.
    #[error("layer {layer}: found {found}, expected {expected}")]
    Export {
        /// The layer.
        layer: String,
        /// What is there.
        found: String,
        /// What can be written.
        expected: String,
    },
}

/// A line for each node.
fn listed(nodes: &[Unsupported]) -> String {
    nodes.iter().map(|node| format!("  {node}")).collect::<Vec<_>>().join("\n")
}

/// A node is refused, before its name is known.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub found: String,
    pub expected: String,
}

impl Refusal {
    pub(crate) fn new(found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { found: found.into(), expected: expected.into() }
    }
}
