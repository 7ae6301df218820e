//! CIFAR-100 in its binary version: 32 × 32 images in three colours, a hundred classes.
//!
//! A file contains records of 3 074 bytes: a coarse label, a fine label, then the red, the green and the blue plane of the image, each
//! row by row. The fine label is the class. Images are returned with shape (32, 32, 3), channels last.
//!
//! Source: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009, and the description of the
//! binary version that accompanies the files.

mod archive;
mod format;

use crate::{cifar_records::locate, dataset::Dataset, error::DataError, splits::Splits};
use format::{ARCHIVE_FOLDER, RECORDS};
use std::path::Path;

pub use archive::unpack;
pub use format::{ARCHIVE, CLASSES, RECORD, TEST_FILE, TRAIN_FILE};

/// Loads both files of a folder, or of its subfolder `cifar-100-binary`, where other programs unpack the archive.
///
/// # Errors
///
/// - Returns [`DataError::Missing`] if a file does not exist, and [`DataError::Unreadable`] if it cannot be read.
/// - Returns [`DataError::Records`] if a file is empty or ends within a record.
/// - Returns [`DataError::Label`] if a fine label is 100 or more.
pub fn load(folder: &Path) -> Result<Splits, DataError> {
    let locate = |name: &str| locate(folder, ARCHIVE_FOLDER, name);
    let (train, mut hashes) = RECORDS.read(&[locate(TRAIN_FILE)])?;
    let (test, test_hashes) = RECORDS.read(&[locate(TEST_FILE)])?;
    hashes.extend(test_hashes);
    let names = CLASSES.iter().map(|&class| class.to_owned()).collect();
    Ok(Splits::new(train, test, "", hashes).with_class_names(names))
}

/// Parses the bytes of a file of records. Errors name `file`.
///
/// # Errors
///
/// - Returns [`DataError::Records`] if `bytes` is empty or ends within a record.
/// - Returns [`DataError::Label`] if a fine label is 100 or more.
pub fn parse_file(file: &Path, bytes: &[u8]) -> Result<Dataset, DataError> {
    RECORDS.parse(file, bytes)
}

/// Whether a folder, or its subfolder `cifar-100-binary`, has one of both files.
pub(crate) fn is_folder_of_cifar100(folder: &Path) -> bool {
    [TRAIN_FILE, TEST_FILE].iter().any(|name| locate(folder, ARCHIVE_FOLDER, name).is_file())
}
