//! The errors of building and evaluating a network.

use crate::CheckpointError;

/// An error of building, evaluating, saving or loading a network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AutodiffError {
    /// A node cannot be built on its inputs.
    #[error("{node}: found {found}, expected {expected}")]
    Graph {
        /// The node's operation and name.
        node: String,
        /// Its inputs.
        found: String,
        /// The inputs that it accepts.
        expected: String,
    },
    /// An array has another shape than the network needs.
    #[error("{what}: found shape {found:?}, expected {expected:?}")]
    Shape {
        /// The array.
        what: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// The shape that the network needs.
        expected: Vec<usize>,
    },
    /// A label is not a class of the network.
    #[error("image {image} has label {found}, expected a class below {classes}")]
    Label {
        /// The image's index in the batch.
        image: usize,
        /// Its label.
        found: usize,
        /// The number of classes.
        classes: usize,
    },
    /// The value of a loss's option is invalid, or does not fit the labels.
    #[error("{option} is {found:?}; expected {expected}")]
    LossOption {
        /// The option's name.
        option: &'static str,
        /// The value found.
        found: f64,
        /// The valid values.
        expected: &'static str,
    },
    /// A computation is not defined for a loss.
    #[error("{what} is not defined for the loss {loss}")]
    UnsupportedLoss {
        /// The computation.
        what: &'static str,
        /// The loss.
        loss: String,
    },
    /// A checkpoint cannot be read or written, or does not fit the network.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Dense linear algebra failed.
    #[error(transparent)]
    Linalg(#[from] minima_linalg::LinalgError),
    /// The device failed.
    #[error("{device}: {source}")]
    Device {
        /// The device.
        device: String,
        /// The device's error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
