//! The errors of checkpoints, one for each thing that can be wrong with them.

use std::io;
use std::path::PathBuf;

/// A checkpoint cannot be written, cannot be read, or does not fit the network. Positions of numbers and offsets of bytes count
/// from 0; a tensor's offsets from the end of the header.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The operating system would not read the file.
    #[error("{}: found a file that cannot be read ({source}), expected a safetensors file", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The operating system would not write the file.
    #[error("{}: found a file that cannot be written ({source}), expected one that can", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The parameters could not be turned into a file.
    #[error("a checkpoint: found {found}, expected tensors that can be serialized")]
    Encode {
        /// What the serializer said.
        found: String,
    },
    /// The file is larger than any checkpoint of the network.
    #[error(
        "{}: found more than {most} bytes, expected at most as many in a safetensors file of this network",
        path.display()
    )]
    Size {
        /// The file.
        path: PathBuf,
        /// The most bytes that a checkpoint of the network may have.
        most: u64,
    },
    /// The file is too short for the length of its header, its first eight bytes.
    #[error("{}: found {found} bytes, expected a safetensors file, which has at least {expected}", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Its length.
        found: usize,
        /// The bytes that the length of a header takes.
        expected: usize,
    },
    /// The header ends beyond the end of the file.
    #[error(
        "{}: found a header of {found} bytes, expected at most {expected} in a safetensors file of this length",
        path.display()
    )]
    HeaderLength {
        /// The file.
        path: PathBuf,
        /// The length it gives for its header.
        found: u64,
        /// The bytes there are for it.
        expected: usize,
    },
    /// The header is no JSON that describes tensors.
    #[error(
        "{}: found {found}, expected the header of a safetensors file, a tensor's type, shape and offsets by its name",
        path.display()
    )]
    Header {
        /// The file.
        path: PathBuf,
        /// What the parser ran into.
        found: String,
    },
    /// A name stands twice in the header.
    #[error("{}: found tensor {tensor:?} twice, expected each name once", path.display())]
    Duplicate {
        /// The file.
        path: PathBuf,
        /// The name.
        tensor: String,
    },
    /// A tensor's offsets hold another number of bytes than its type and shape take.
    #[error(
        "{}: tensor {tensor:?}: found the bytes from {} to {}, expected {expected} bytes",
        path.display(), found.0, found.1
    )]
    Extent {
        /// The file.
        path: PathBuf,
        /// Its name.
        tensor: String,
        /// Its offsets: the first byte, and the first beyond it.
        found: (usize, usize),
        /// The bytes, or bits, that its type and shape take.
        expected: String,
    },
    /// A tensor ends beyond the end of the file.
    #[error(
        "{}: tensor {tensor:?}: found its end at byte {found}, expected it within the file's {expected} bytes of \
         numbers",
        path.display()
    )]
    OutOfRange {
        /// The file.
        path: PathBuf,
        /// Its name.
        tensor: String,
        /// Where it ends.
        found: usize,
        /// The bytes after the header.
        expected: usize,
    },
    /// A tensor begins within another.
    #[error(
        "{}: tensor {tensor:?}: found its beginning at byte {found}, within another, expected it at {expected}",
        path.display()
    )]
    Overlap {
        /// The file.
        path: PathBuf,
        /// Its name.
        tensor: String,
        /// Where it begins.
        found: usize,
        /// Where the one before it ends.
        expected: usize,
    },
    /// Bytes before a tensor belong to none.
    #[error(
        "{}: tensor {tensor:?}: found its beginning at byte {found}, expected it at {expected}, where the last one ends",
        path.display()
    )]
    Gap {
        /// The file.
        path: PathBuf,
        /// Its name.
        tensor: String,
        /// Where it begins.
        found: usize,
        /// Where the one before it ends.
        expected: usize,
    },
    /// Bytes after the last tensor belong to none.
    #[error("{}: found {found} bytes of numbers, expected {expected}, where the last tensor ends", path.display())]
    Trailing {
        /// The file.
        path: PathBuf,
        /// The bytes after the header.
        found: usize,
        /// Where the last tensor ends.
        expected: usize,
    },
    /// The network has no tensor of that name.
    #[error("{}: found tensor {found:?}, expected only {}", path.display(), expected.join(", "))]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The name.
        found: String,
        /// The names of the network's tensors.
        expected: Vec<String>,
    },
    /// A tensor of the network is not in the file.
    #[error("{}: found no such tensor, expected {tensor:?} of shape {expected:?}", path.display())]
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
    /// A tensor holds something else than floating-point numbers of 32 or 64 bits.
    #[error("{}: tensor {tensor:?}: found numbers of type {found}, expected F32 or F64", path.display())]
    Type {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// Their type, as the format calls it.
        found: String,
    },
    /// A number is none.
    #[error("{}: tensor {tensor:?}: found NaN at position {position}, expected finite numbers", path.display())]
    NotANumber {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// The number's place in it.
        position: usize,
    },
    /// A number is infinite and positive.
    #[error("{}: tensor {tensor:?}: found inf at position {position}, expected finite numbers", path.display())]
    PositiveInfinity {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// The number's place in it.
        position: usize,
    },
    /// A number is infinite and negative.
    #[error("{}: tensor {tensor:?}: found -inf at position {position}, expected finite numbers", path.display())]
    NegativeInfinity {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// The number's place in it.
        position: usize,
    },
    /// A number is finite in the file and not in the network's precision.
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
        /// The number's place in it.
        position: usize,
        /// The number.
        found: f64,
    },
}
