//! The archive of CIFAR-100.

use super::format::{ARCHIVE_FOLDER, RECORD, TEST_FILE, TRAIN_FILE};
use crate::{
    cifar_archive::{Contents, unpack as unpack_contents},
    error::DataError,
};
use std::path::Path;

/// The files to unpack, with the number of records in each.
const FILES: [(&str, u64); 2] = [(TRAIN_FILE, 50_000), (TEST_FILE, 10_000)];

/// The other files in the archive.
const IGNORED: [&str; 3] = ["coarse_label_names.txt", "fine_label_names.txt", "readme.html"];

/// Unpacks both files of `cifar-100-binary.tar.gz` into a folder, which is created if necessary. Follows the rules of
/// [`cifar10::unpack`](crate::cifar10::unpack); temporary files are `.cifar100-*.tmp`.
///
/// # Errors
///
/// - Returns [`DataError::Missing`] if `archive` does not exist.
/// - Returns [`DataError::Unreadable`] if `archive` or `folder` cannot be read.
/// - Returns [`DataError::Archive`] if the archive is broken, incomplete, or contains an unexpected entry.
/// - Returns [`DataError::Unwritable`] if a file or folder cannot be written or removed.
pub fn unpack(archive: &Path, folder: &Path) -> Result<(), DataError> {
    unpack_files(archive, folder, FILES)
}

/// Unpacks files of these numbers of records.
fn unpack_files(path: &Path, folder: &Path, files: [(&'static str, u64); 2]) -> Result<(), DataError> {
    let files = files.map(|(name, records)| (name, records * RECORD as u64)).to_vec();
    let (name, temporary) = ("CIFAR-100", ".cifar100-");
    unpack_contents(&Contents { name, folder: ARCHIVE_FOLDER, files, ignored: &IGNORED, temporary }, path, folder)
}

#[cfg(test)]
mod tests;
