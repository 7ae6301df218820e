//! What can be wrong with a certificate or a network.

use minima_store::SealError;
use thiserror::Error;

/// The reason why a certificate is refused, or why a network cannot be checked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The file cannot be read, is no certificate, or does not match its own hash.
    #[error(transparent)]
    File(#[from] SealError),
    /// The network has an operation that the checker does not know.
    #[error("layer {layer}: the operation {operation} cannot be checked; {expected}")]
    Operation {
        /// The layer.
        layer: String,
        /// The operation.
        operation: String,
        /// The operations that can be checked.
        expected: &'static str,
    },
    /// A parameter of the network is NaN or infinite.
    #[error("layer {layer}: number {index} of its parameters is {found}, expected a finite number")]
    Parameter {
        /// The layer.
        layer: String,
        /// The index of the number among the layer's biases and weights.
        index: usize,
        /// The number.
        found: f64,
    },
    /// A layer of the network may exceed the largest `f32` number, or a range is not known.
    #[error("layer {layer}: found sums of up to {found}, expected at most the largest f32 number")]
    Overflow {
        /// The layer.
        layer: String,
        /// The largest sum of absolute values.
        found: f64,
    },
    /// A vector has another length than the network needs.
    #[error("{what}: found {found} numbers, expected {expected}")]
    Length {
        /// The vector.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The expected length.
        expected: usize,
    },
    /// The network or the image is not the one that the certificate names.
    #[error("{what}: found SHA-256 {found}, expected {expected} as the certificate says")]
    Identity {
        /// The weights or the image.
        what: &'static str,
        /// The hash of what is there.
        found: String,
        /// The hash that the certificate names.
        expected: String,
    },
    /// A pixel is not in [0, 1].
    #[error("pixel {index}: found {found}, expected a number from 0 to 1")]
    Pixel {
        /// The index of the pixel.
        index: usize,
        /// The pixel.
        found: f64,
    },
    /// The radius is negative or not finite.
    #[error("radius {found}, expected a finite number of at least 0")]
    Radius {
        /// The radius.
        found: f64,
    },
    /// A field of the certificate does not fit the network or the other fields.
    #[error("{place}: found {found}, expected {expected}")]
    Field {
        /// The field.
        place: String,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// The proof does not cover a target on the whole ball.
    #[error("part {part}: found no proof of target {target}, expected one here or in both parts of a split")]
    Missing {
        /// The index of the part.
        part: usize,
        /// The index of the target.
        target: usize,
    },
    /// The bound of a leaf proves nothing.
    #[error("part {part}, target {target}, leaf {leaf}: found the bound {bound}, expected a number above 0")]
    Bound {
        /// The index of the part.
        part: usize,
        /// The index of the target.
        target: usize,
        /// The index of the leaf in its tree.
        leaf: usize,
        /// The bound.
        bound: f64,
    },
}

impl CertificateError {
    pub(crate) fn field(place: impl Into<String>, found: impl ToString, expected: impl Into<String>) -> Self {
        Self::Field { place: place.into(), found: found.to_string(), expected: expected.into() }
    }
}
