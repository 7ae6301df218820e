//! The errors of this crate.

use crate::layout::Layout;
use std::path::PathBuf;

/// An error of this crate. The message is one line with the file (if there is one), what was found, and what was expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file or folder does not exist.
    #[error("{}: does not exist, expected {expected}", file.display())]
    Missing {
        /// The missing path.
        file: PathBuf,
        /// A description of the missing file or folder.
        expected: String,
    },

    /// Data that is not in arrays has a layout.
    #[error("{}: found the layout {found}, expected none, because the data is not in arrays (.npy, .npz or safetensors files)", file.display())]
    Layout {
        /// The file or folder of the data.
        file: PathBuf,
        /// The layout.
        found: Layout,
    },

    /// An existing file cannot be read.
    #[error("{}: cannot be read: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },

    /// A file is not a gzip stream, or its gzip stream is truncated or corrupt.
    #[error("{}: invalid gzip stream: {reason}", file.display())]
    Gzip {
        /// The file.
        file: PathBuf,
        /// The reason.
        reason: String,
    },

    /// The magic number of an IDX file is not the expected one.
    #[error("{}: found magic number {found:#010x}, expected {expected:#010x}", file.display())]
    Magic {
        /// The file.
        file: PathBuf,
        /// The number in the file.
        found: u32,
        /// The magic number of the requested kind of file.
        expected: u32,
    },

    /// The dimensions in a file are not usable.
    #[error("{}: found {found}, expected {expected}", file.display())]
    Dimensions {
        /// The file.
        file: PathBuf,
        /// The dimensions in the file.
        found: String,
        /// The expected dimensions.
        expected: String,
    },

    /// The uncompressed size of a file differs from the size declared in its header.
    #[error("{}: found {found} bytes, expected {expected}", file.display())]
    Length {
        /// The file.
        file: PathBuf,
        /// The uncompressed size of the file in bytes.
        found: u64,
        /// The size in bytes that the header declares, including the header.
        expected: u128,
    },

    /// A header declares more bytes than a compressed file of this size can contain.
    #[error(
        "{}: found {found} compressed bytes, which hold at most {most} bytes, expected {expected} bytes as in the header",
        file.display()
    )]
    Promise {
        /// The file.
        file: PathBuf,
        /// The size of the file in bytes.
        found: u64,
        /// The maximum uncompressed size of a gzip stream of this size.
        most: u64,
        /// The size in bytes that the header declares, including the header.
        expected: u128,
    },

    /// A file of records is empty or ends within a record.
    #[error("{}: found {found} bytes, expected a positive multiple of {record}", file.display())]
    Records {
        /// The file.
        file: PathBuf,
        /// The size of the file in bytes.
        found: u64,
        /// The size of a record in bytes.
        record: usize,
    },

    /// An archive is broken or incomplete, or contains an unexpected entry.
    #[error("{}: found {found}, expected {expected}", file.display())]
    Archive {
        /// The archive.
        file: PathBuf,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },

    /// A file cannot be written.
    #[error("{}: cannot be written: {source}", file.display())]
    Unwritable {
        /// The file, or its folder.
        file: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },

    /// A label is not below the number of classes.
    #[error("{source_name}: found label {found} at position {position}, expected a label below {classes}")]
    Label {
        /// The file, or a name for the labels.
        source_name: String,
        /// The label.
        found: u16,
        /// The index of the label, from 0.
        position: usize,
        /// The number of classes.
        classes: usize,
    },

    /// A pixel is NaN, or not in [0, 1].
    #[error("{source_name}: found pixel {found} in image {image}, expected numbers from 0 to 1")]
    Pixel {
        /// The file, or a name for the images.
        source_name: String,
        /// The pixel.
        found: f32,
        /// The index of the image, from 0.
        image: usize,
    },

    /// A file is no image that can be read.
    #[error("{}: found {found}, expected {expected}", file.display())]
    Image {
        /// The file.
        file: PathBuf,
        /// What was found.
        found: String,
        /// What was expected.
        expected: &'static str,
    },

    /// An image has another size than the images before it.
    #[error(
        "{}: found an image {} pixels wide and {} high, expected {} and {} as in {}",
        file.display(), found[1], found[0], expected[1], expected[0], first.display()
    )]
    ImageSize {
        /// The file.
        file: PathBuf,
        /// The height and width of the image in pixels.
        found: [u32; 2],
        /// The height and width of the first image in pixels.
        expected: [u32; 2],
        /// The file of the first image.
        first: PathBuf,
    },

    /// A file or folder has no place among the files of a data set, or one is missing.
    #[error("{}: found {found}, expected {expected}", file.display())]
    Folder {
        /// The file or folder.
        file: PathBuf,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },

    /// A folder of images contains a symbolic link. Links are not followed.
    #[error("{}: found a symbolic link, expected a regular file or folder", file.display())]
    Link {
        /// The link.
        file: PathBuf,
    },

    /// An array is missing, broken, or of another kind or shape.
    #[error("{source_name}: found {found}, expected {expected}")]
    Array {
        /// The file and the name of the array.
        source_name: String,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },

    /// A label is negative, or too large for any number of classes.
    #[error("{source_name}: found label {found} at position {position}, expected a label from 0 to 65535")]
    LabelValue {
        /// The file, or a name for the labels.
        source_name: String,
        /// The label.
        found: i128,
        /// The index of the label, from 0.
        position: usize,
    },

    /// A file of class names is not one name per line.
    #[error("{}: found {found}, expected {expected}", file.display())]
    ClassNames {
        /// The file.
        file: PathBuf,
        /// What was found.
        found: String,
        /// What was expected.
        expected: &'static str,
    },

    /// The share of the test set cannot be used.
    #[error("test share: found {found}, expected {expected}")]
    Share {
        /// The share.
        found: f64,
        /// What was expected.
        expected: String,
    },

    /// The numbers of images and labels differ.
    #[error("{images_name}: found {images} images, expected {labels}, the number of labels in {labels_name}")]
    Pairing {
        /// The file of the images, or a name for the images.
        images_name: String,
        /// The file of the labels, or a name for the labels.
        labels_name: String,
        /// The number of images.
        images: usize,
        /// The number of labels.
        labels: usize,
    },

    /// The SHA-256 of a file is not the known one.
    #[error("{}: found SHA-256 {found}, expected {expected}", file.display())]
    Hash {
        /// The file.
        file: PathBuf,
        /// The SHA-256 of the file, in hexadecimal.
        found: String,
        /// The known SHA-256, in hexadecimal.
        expected: String,
    },

    /// The number of values in an image is not H · W · C.
    #[error("images: found {found} values per image, expected {height} × {width} × {channels}")]
    Values {
        /// The number of values in each image.
        found: usize,
        /// The height H.
        height: usize,
        /// The width W.
        width: usize,
        /// The number C of channels.
        channels: usize,
    },

    /// The number of classes is 0, too large for two-byte labels, or too small for poisoning; or a targeted poisoning replaces a
    /// class by itself.
    #[error("classes: found {found}, expected {expected}")]
    Classes {
        /// The number of classes, or the class that replaces itself.
        found: usize,
        /// The valid values.
        expected: &'static str,
    },

    /// An index is not below the number of images.
    #[error("batch: found index {found}, expected an index below {len}")]
    Index {
        /// The index.
        found: u32,
        /// The number of images.
        len: usize,
    },

    /// The batch size is 0.
    #[error("batch size: found 0, expected at least 1")]
    BatchSize,

    /// A poisoning rate is not in [0, 1].
    #[error("poisoning rate: found {found}, expected a number in [0, 1]")]
    Rate {
        /// The rate.
        found: f64,
    },
}

#[cfg(test)]
mod tests {
    use super::DataError;

    /// Results of other crates contain this error.
    #[test]
    fn an_error_is_small() {
        assert!(size_of::<DataError>() <= 80, "{}", size_of::<DataError>());
    }
}
