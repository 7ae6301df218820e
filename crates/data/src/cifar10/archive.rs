//! The archive of CIFAR-10.

use super::format::{ARCHIVE_FOLDER, RECORD, TEST_FILE, TRAIN_FILES};
use crate::{
    cifar_archive::{Contents, unpack as unpack_contents},
    error::DataError,
};
use std::path::Path;

/// The size in bytes of each of the six files.
const BATCH_BYTES: u64 = 10_000 * RECORD as u64;

/// The other files in the archive.
const IGNORED: [&str; 2] = ["batches.meta.txt", "readme.html"];

/// Unpacks the six files of `cifar-10-binary.tar.gz` into a folder, which is created if necessary.
///
/// Each file is written atomically, after the whole archive was read. Only the six files are written, under their own
/// names, directly in `folder`. Existing files of these names are replaced. The readme and the list of classes are not
/// unpacked. Anything else is an error: other names, `..`, absolute paths, links, devices, other sizes, a repeated name.
/// Memory use does not depend on the contents of the archive or the sizes that it declares.
///
/// First removes the temporary files of a killed run from `folder`: regular files `.cifar10-*.tmp`. Do not unpack into one
/// folder twice at the same time: one run removes the temporary files of the other, which then fails.
///
/// # Errors
///
/// - Returns [`DataError::Missing`] if `archive` does not exist.
/// - Returns [`DataError::Unreadable`] if `archive` or `folder` cannot be read.
/// - Returns [`DataError::Archive`] if the archive is broken, incomplete, or contains an unexpected entry.
/// - Returns [`DataError::Unwritable`] if a file or folder cannot be written or removed.
pub fn unpack(archive: &Path, folder: &Path) -> Result<(), DataError> {
    unpack_batches(archive, folder, BATCH_BYTES)
}

/// Unpacks files of `batch_bytes` each.
fn unpack_batches(path: &Path, folder: &Path, batch_bytes: u64) -> Result<(), DataError> {
    let files = batch_names().map(|name| (name, batch_bytes)).collect();
    let (name, temporary) = ("CIFAR-10", ".cifar10-");
    unpack_contents(&Contents { name, folder: ARCHIVE_FOLDER, files, ignored: &IGNORED, temporary }, path, folder)
}

fn batch_names() -> impl Iterator<Item = &'static str> {
    TRAIN_FILES.into_iter().chain([TEST_FILE])
}

#[cfg(test)]
mod tests;
