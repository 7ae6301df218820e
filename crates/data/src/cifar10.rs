//! CIFAR-10 in its binary version: 32 × 32 images in three colours, ten classes.
//!
//! A file contains records of 3 073 bytes: a label, then the red, the green and the blue plane of the image, each row by
//! row. Images are returned with shape (32, 32, 3), channels last.
//!
//! ```no_run
//! use minima_data::cifar10;
//! use std::path::Path;
//!
//! # fn main() -> Result<(), minima_data::DataError> {
//! let folder = Path::new("data/cifar10");
//! cifar10::unpack(&folder.join(cifar10::ARCHIVE), folder)?;
//! let data = cifar10::load(folder)?;
//! assert_eq!((data.train.len(), data.train.shape()), (50_000, [32, 32, 3]));
//! # Ok(())
//! # }
//! ```
//!
//! Source: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009, and the description of the
//! binary version that accompanies the files.

mod archive;
mod format;

use crate::{cifar_records::locate, dataset::Dataset, error::DataError, splits::Splits};
use format::{ARCHIVE_FOLDER, RECORDS};
use std::path::Path;

pub use archive::unpack;
pub use format::{ARCHIVE, CLASSES, RECORD, SHAPE, TEST_FILE, TRAIN_FILES};

/// Reads one file of records, in the order of the file.
///
/// # Errors
///
/// - Returns [`DataError::Missing`] if the file does not exist, and [`DataError::Unreadable`] if it cannot be read.
/// - Returns [`DataError::Records`] if the file is empty or ends within a record.
/// - Returns [`DataError::Label`] if a label is ten or more.
pub fn read_batch(path: &Path) -> Result<Dataset, DataError> {
    Ok(RECORDS.read(&[path.to_path_buf()])?.0)
}

/// Loads the six files of a folder, or of its subfolder `cifar-10-batches-bin`, where other programs unpack the archive.
///
/// # Errors
///
/// Returns the errors of [`read_batch`].
pub fn load(folder: &Path) -> Result<Splits, DataError> {
    let locate = |name: &str| locate(folder, ARCHIVE_FOLDER, name);
    let (train, mut hashes) = RECORDS.read(&TRAIN_FILES.map(locate))?;
    let (test, test_hashes) = RECORDS.read(&[locate(TEST_FILE)])?;
    hashes.extend(test_hashes);
    let names = CLASSES.iter().map(|&class| class.to_owned()).collect();
    Ok(Splits::new(train, test, "", hashes).with_class_names(names))
}

/// Whether a folder, or its subfolder `cifar-10-batches-bin`, has one of the six files.
pub(crate) fn is_folder_of_cifar10(folder: &Path) -> bool {
    TRAIN_FILES.iter().chain([&TEST_FILE]).any(|name| locate(folder, ARCHIVE_FOLDER, name).is_file())
}

/// Parses the bytes of a file of records. Errors name `file`.
///
/// # Errors
///
/// - Returns [`DataError::Records`] if `bytes` is empty or ends within a record.
/// - Returns [`DataError::Label`] if a label is ten or more.
pub fn parse_batch(file: &Path, bytes: &[u8]) -> Result<Dataset, DataError> {
    RECORDS.parse(file, bytes)
}
