//! The errors of building and evaluating a network.

use crate::CheckpointError;

/// What can go wrong when a network is built, evaluated, saved or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AutodiffError {
    /// A node cannot be built on its inputs.
    #[error("{node}: {found} where {expected} is expected")]
    Graph {
        /// The node's operation and name.
        node: String,
        /// What its inputs are.
        found: String,
        /// What it takes.
        expected: String,
    },
    /// An array has another shape than the network needs.
    #[error("{what}: shape {found:?} where {expected:?} is expected")]
    Shape {
        /// Which array.
        what: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// The shape that the network needs.
        expected: Vec<usize>,
    },
    /// A label names no class.
    #[error("label {found} of image {image}: expected a class below {classes}")]
    Label {
        /// The image's place in the batch.
        image: usize,
        /// Its label.
        found: usize,
        /// The number of classes.
        classes: usize,
    },
    /// A checkpoint cannot be read or written, or does not fit the network.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Dense linear algebra failed.
    #[error(transparent)]
    Linalg(#[from] minima_linalg::LinalgError),
    /// The machine that computes failed.
    #[error("{device}: {source}")]
    Device {
        /// The machine.
        device: String,
        /// What it said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
