//! [`FigureError`].

use minima_store::AtomicWriteError;

/// A figure could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// The data are not valid for the figure.
    #[error("{figure}: found {found}, expected {expected}")]
    Data {
        /// The figure.
        figure: String,
        /// The given data.
        found: String,
        /// The expected data.
        expected: String,
    },
    /// Drawing failed.
    #[error("drawing failed: {0}")]
    Drawing(String),
    /// The embedded font cannot be loaded, because the build is broken.
    #[error("the embedded font {0} cannot be loaded")]
    Font(&'static str),
    /// The PNG could not be encoded.
    #[error("encoding a PNG failed: {0}")]
    Encoding(String),
    /// The file could not be written.
    #[error(transparent)]
    Write(#[from] AtomicWriteError),
}
