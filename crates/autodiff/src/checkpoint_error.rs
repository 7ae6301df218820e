//! The errors of checkpoints, one for each possible fault.

use std::io;
use std::path::PathBuf;

/// A checkpoint cannot be written, cannot be read, or does not fit the network. Positions of numbers and offsets of
/// bytes count from 0; a tensor's offsets count from the end of the header.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The operating system could not read the file.
    #[error("{}: cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// The operating system could not write the file.
    #[error("{}: cannot be written: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// The parameters could not be serialized.
    #[error("the parameters cannot be written as safetensors: {found}")]
    Encode {
        /// The serializer's message.
        found: String,
    },
    /// The file is larger than any checkpoint of the network.
    #[error(
        "{}: found more than {most} bytes, the maximum for a safetensors file of this network",
        path.display()
    )]
    Size {
        /// The file.
        path: PathBuf,
        /// The most bytes that a checkpoint of the network may have.
        most: u64,
    },
    /// The file is too short to hold the length of its header, its first eight bytes.
    #[error("{}: found {found} bytes, expected a safetensors file of at least {expected} bytes", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Its length.
        found: usize,
        /// The number of bytes that encode the length of a header.
        expected: usize,
    },
    /// The header ends beyond the end of the file.
    #[error(
        "{}: found a header of {found} bytes, expected at most {expected} bytes in a safetensors file of this length",
        path.display()
    )]
    HeaderLength {
        /// The file.
        path: PathBuf,
        /// The length of the header according to the file.
        found: u64,
        /// The number of bytes that remain for the header.
        expected: usize,
    },
    /// The header is not JSON that describes tensors.
    #[error(
        "{}: invalid safetensors header: {found}; expected each tensor's name, type, shape and offsets",
        path.display()
    )]
    Header {
        /// The file.
        path: PathBuf,
        /// The parser's message.
        found: String,
    },
    /// A name occurs twice in the header.
    #[error("{}: found tensor {tensor:?} twice, expected each name once", path.display())]
    Duplicate {
        /// The file.
        path: PathBuf,
        /// The name.
        tensor: String,
    },
    /// A tensor's offsets hold a different number of bytes than its type and shape take.
    #[error(
        "{}: tensor {tensor:?}: found bytes {} to {}, expected {expected} bytes",
        path.display(), found.0, found.1
    )]
    Extent {
        /// The file.
        path: PathBuf,
        /// Its name.
        tensor: String,
        /// Its offsets: its first byte, and the first byte after it.
        found: (usize, usize),
        /// The bytes, or bits, that its type and shape take.
        expected: String,
    },
    /// A tensor ends beyond the end of the file.
    #[error(
        "{}: tensor {tensor:?}: found the end at byte {found}, expected an end within the file's {expected} bytes of \
         data",
        path.display()
    )]
    OutOfRange {
        /// The file.
        path: PathBuf,
        /// Its name.
        tensor: String,
        /// The offset of its end.
        found: usize,
        /// The number of bytes after the header.
        expected: usize,
    },
    /// A tensor begins within another tensor.
    #[error(
        "{}: tensor {tensor:?}: found the start at byte {found}, inside another tensor, expected byte {expected}",
        path.display()
    )]
    Overlap {
        /// The file.
        path: PathBuf,
        /// Its name.
        tensor: String,
        /// The offset of its first byte.
        found: usize,
        /// The offset of the end of the tensor before it.
        expected: usize,
    },
    /// Some bytes before a tensor belong to no tensor.
    #[error(
        "{}: tensor {tensor:?}: found the start at byte {found}, expected byte {expected}, the end of the previous tensor",
        path.display()
    )]
    Gap {
        /// The file.
        path: PathBuf,
        /// Its name.
        tensor: String,
        /// The offset of its first byte.
        found: usize,
        /// The offset of the end of the tensor before it.
        expected: usize,
    },
    /// Some bytes after the last tensor belong to no tensor.
    #[error("{}: found {found} bytes of data, expected {expected}, the end of the last tensor", path.display())]
    Trailing {
        /// The file.
        path: PathBuf,
        /// The number of bytes after the header.
        found: usize,
        /// The offset of the end of the last tensor.
        expected: usize,
    },
    /// The network has no tensor of this name.
    #[error("{}: unknown tensor {found:?}; the network has {}", path.display(), expected.join(", "))]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The name.
        found: String,
        /// The names of the network's tensors.
        expected: Vec<String>,
    },
    /// The file lacks a tensor of the network.
    #[error("{}: tensor {tensor:?} of shape {expected:?} is missing", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// Its shape in the network.
        expected: Vec<usize>,
    },
    /// A tensor has another shape than the network's.
    #[error("{}: tensor {tensor:?}: found shape {found:?}, expected {expected:?}", path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// Its shape in the file.
        found: Vec<usize>,
        /// Its shape in the network.
        expected: Vec<usize>,
    },
    /// A tensor does not hold floating-point numbers of 32 or 64 bits.
    #[error("{}: tensor {tensor:?}: found numbers of type {found}, expected F32 or F64", path.display())]
    Type {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// Its type, as the format names it.
        found: String,
    },
    /// A number is NaN.
    #[error("{}: tensor {tensor:?}: found NaN at position {position}, expected finite numbers", path.display())]
    NotANumber {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// The number's position in the tensor.
        position: usize,
    },
    /// A number is positive infinity.
    #[error("{}: tensor {tensor:?}: found inf at position {position}, expected finite numbers", path.display())]
    PositiveInfinity {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// The number's position in the tensor.
        position: usize,
    },
    /// A number is negative infinity.
    #[error("{}: tensor {tensor:?}: found -inf at position {position}, expected finite numbers", path.display())]
    NegativeInfinity {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// The number's position in the tensor.
        position: usize,
    },
    /// A number is finite in the file, but not in the network's precision.
    #[error(
        "{}: tensor {tensor:?}: found {found:e} at position {position}, expected numbers that are finite in the \
         network's precision",
        path.display()
    )]
    Overflow {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// The number's position in the tensor.
        position: usize,
        /// The number.
        found: f64,
    },
}
