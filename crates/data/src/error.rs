//! What can be wrong with data.

use std::path::PathBuf;

/// Everything that this crate refuses, each with the file (where there is one), what was found and what was expected,
/// in one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file or folder is not there.
    #[error("{}: found nothing, expected {expected}", file.display())]
    Missing {
        /// The path looked for.
        file: PathBuf,
        /// What should have been there.
        expected: String,
    },

    /// The operating system would not read a file that is there.
    #[error("{}: found a file that cannot be read ({source}), expected a readable one", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },

    /// A gzip stream is truncated, corrupt, or none at all.
    #[error("{}: found a broken gzip stream ({reason}), expected a whole one", file.display())]
    Gzip {
        /// The file.
        file: PathBuf,
        /// What the decoder ran into.
        reason: String,
    },

    /// An IDX file begins with another magic number.
    #[error("{}: found magic number {found:#010x}, expected {expected:#010x}", file.display())]
    Magic {
        /// The file.
        file: PathBuf,
        /// The number in the file.
        found: u32,
        /// The number of the kind of file that was asked for.
        expected: u32,
    },

    /// A data set has a shape that cannot be used here.
    #[error("{}: found {found}, expected {expected}", file.display())]
    Dimensions {
        /// The file.
        file: PathBuf,
        /// Its dimensions.
        found: String,
        /// Those that would do.
        expected: String,
    },

    /// A file holds fewer or more bytes than its header says, uncompressed.
    #[error("{}: found {found} bytes, expected {expected}", file.display())]
    Length {
        /// The file.
        file: PathBuf,
        /// The bytes it holds, uncompressed.
        found: u64,
        /// The bytes its header calls for, itself included.
        expected: u128,
    },

    /// A header promises more than its compressed file can hold.
    #[error(
        "{}: found {found} compressed bytes, which can hold {most} at most, expected {expected} as the header says",
        file.display()
    )]
    Promise {
        /// The file.
        file: PathBuf,
        /// The size of the file in bytes.
        found: u64,
        /// The most bytes that a gzip stream of this size can hold.
        most: u64,
        /// The bytes its header calls for, itself included.
        expected: u128,
    },

    /// A file of records is empty or ends within one.
    #[error("{}: found {found} bytes, expected a multiple of {record}, at least one record", file.display())]
    Records {
        /// The file.
        file: PathBuf,
        /// The bytes it holds.
        found: u64,
        /// The bytes of a record.
        record: usize,
    },

    /// An archive is broken, or holds what it should not.
    #[error("{}: found {found}, expected {expected}", file.display())]
    Archive {
        /// The archive.
        file: PathBuf,
        /// What is wrong with it.
        found: String,
        /// What would do.
        expected: String,
    },

    /// The operating system would not write a file.
    #[error("{}: found that it cannot be written ({source}), expected to write it", file.display())]
    Unwritable {
        /// The file, or the folder it was to be in.
        file: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },

    /// A label names no class.
    #[error("{source_name}: found label {found} at position {position}, expected one below {classes}")]
    Label {
        /// The file, or what stands for it.
        source_name: String,
        /// The label.
        found: u8,
        /// Where it stands, from 0.
        position: usize,
        /// The number of classes.
        classes: usize,
    },

    /// Images and labels do not pair up.
    #[error("{images_name}: found {images} images, expected {labels} as there are labels in {labels_name}")]
    Pairing {
        /// The file of the images, or what stands for it.
        images_name: String,
        /// The file of the labels, or what stands for it.
        labels_name: String,
        /// The number of images.
        images: usize,
        /// The number of labels.
        labels: usize,
    },

    /// A file is not the one whose hash is known.
    #[error("{}: found SHA-256 {found}, expected {expected}", file.display())]
    Hash {
        /// The file.
        file: PathBuf,
        /// Its SHA-256, in hexadecimal.
        found: String,
        /// The known SHA-256, in hexadecimal.
        expected: String,
    },

    /// An image's values do not fill its shape.
    #[error("images: found {found} values each, expected {height} × {width} × {channels}")]
    Values {
        /// The values an image has.
        found: usize,
        /// Rows of the shape.
        height: usize,
        /// Columns of the shape.
        width: usize,
        /// Channels of the shape.
        channels: usize,
    },

    /// A number of classes that one byte cannot label, or too few to poison.
    #[error("classes: found {found}, expected {expected}")]
    Classes {
        /// The number of classes.
        found: usize,
        /// Those that would do.
        expected: &'static str,
    },

    /// An index beyond the last image.
    #[error("batch: found index {found}, expected one below {len}")]
    Index {
        /// The index.
        found: u32,
        /// The number of images.
        len: usize,
    },

    /// Batches of no samples.
    #[error("batch size: found 0, expected at least 1")]
    BatchSize,

    /// A poisoning rate that is no share.
    #[error("poisoning rate: found {found}, expected a number in [0, 1]")]
    Rate {
        /// The rate.
        found: f64,
    },
}
