//! Unpacks the archive of CIFAR-10. The archive is untrusted input.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, BufReader, ErrorKind, Read, Write},
    path::Path,
};

use flate2::read::GzDecoder;
use tar::{Archive, EntryType};
use tempfile::NamedTempFile;

use super::{ARCHIVE_FOLDER, RECORD, TEST_FILE, TRAIN_FILES};
use crate::error::DataError;

/// The size in bytes of each of the six files.
const BATCH_BYTES: u64 = 10_000 * RECORD as u64;

/// The other files in the archive.
const IGNORED: [&str; 2] = ["batches.meta.txt", "readme.html"];

/// The maximum size in bytes of an ignored file, and of data after the end of the archive.
const IGNORED_BYTES: u64 = 1 << 20;

/// The prefix and suffix of the names of temporary files.
const TEMPORARY: [&str; 2] = [".cifar10-", ".tmp"];

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
    let file = File::open(path).map_err(|source| match source.kind() {
        ErrorKind::NotFound => {
            DataError::Missing { file: path.to_path_buf(), expected: "the archive of CIFAR-10".to_string() }
        }
        _ => DataError::Unreadable { file: path.to_path_buf(), source },
    })?;
    let wrong = |found: String, expected: String| DataError::Archive { file: path.to_path_buf(), found, expected };
    let broken = |error: io::Error| wrong(format!("a broken archive ({error})"), "a gzipped tar archive".to_string());
    let unwritable = |file: &Path| {
        let file = file.to_path_buf();
        move |source| DataError::Unwritable { file, source }
    };
    fs::create_dir_all(folder).map_err(unwritable(folder))?;
    remove_leftovers(folder)?;

    let mut unpacked = BTreeMap::new();
    let mut ignored = Vec::new();
    let mut archive = Archive::new(GzDecoder::new(BufReader::new(file)));
    // Raw, because the tar crate otherwise reads extension headers into memory, whatever their length.
    for entry in archive.entries().map_err(broken)?.raw(true) {
        let mut entry = entry.map_err(broken)?;
        let shown = entry.path_bytes().escape_ascii().to_string();
        let (kind, size) = (entry.header().entry_type(), entry.size());
        let member = Member::of(&entry.path_bytes(), kind)
            .ok_or_else(|| wrong(format!("an entry {shown} ({kind:?})"), expected_members()))?;
        let twice = || wrong(format!("{shown} twice"), "each name once".to_string());
        match member {
            Member::Ignored(name) => {
                if size > IGNORED_BYTES {
                    return Err(wrong(format!("{shown} of {size} bytes"), format!("at most {IGNORED_BYTES} bytes")));
                }
                if ignored.contains(&name) {
                    return Err(twice());
                }
                ignored.push(name);
            }
            Member::Batch(name) => {
                if size != batch_bytes {
                    return Err(wrong(format!("{shown} of {size} bytes"), format!("{batch_bytes} bytes")));
                }
                let mut temporary = temporary_in(folder).map_err(unwritable(folder))?;
                let copied = copy(&mut entry, temporary.as_file_mut()).map_err(|failure| match failure {
                    Failure::Read(error) => broken(error),
                    Failure::Write(error) => unwritable(temporary.path())(error),
                })?;
                if copied != batch_bytes {
                    return Err(wrong(format!("{copied} bytes of {shown}"), format!("{batch_bytes} bytes")));
                }
                if unpacked.insert(name, temporary).is_some() {
                    return Err(twice());
                }
            }
        }
    }
    // Reading to the end also checks the gzip trailer.
    let rest = io::copy(&mut archive.into_inner().take(IGNORED_BYTES + 1), &mut io::sink()).map_err(broken)?;
    if rest > IGNORED_BYTES {
        let found = "more data after the end of the archive".to_string();
        return Err(wrong(found, format!("at most {IGNORED_BYTES} bytes")));
    }
    if let Some(name) = batch_names().find(|name| !unpacked.contains_key(name)) {
        return Err(wrong(format!("an archive without {ARCHIVE_FOLDER}/{name}"), expected_members()));
    }
    for (name, temporary) in unpacked {
        let target = folder.join(name);
        temporary.as_file().sync_all().map_err(unwritable(temporary.path()))?;
        temporary.persist(&target).map_err(|error| unwritable(&target)(error.error))?;
    }
    Ok(())
}

/// An allowed entry of the archive.
enum Member {
    /// One of the six files.
    Batch(&'static str),
    /// An entry that is not unpacked.
    Ignored(&'static str),
}

impl Member {
    /// Classifies an entry by path and kind. Returns `None` if it is not allowed.
    fn of(path: &[u8], kind: EntryType) -> Option<Self> {
        let name = path.strip_prefix(ARCHIVE_FOLDER.as_bytes())?;
        if kind.is_dir() {
            return matches!(name, b"" | b"/").then_some(Self::Ignored(ARCHIVE_FOLDER));
        }
        let name = name.strip_prefix(b"/").filter(|_| kind.is_file())?;
        let is = |known: &&'static str| known.as_bytes() == name;
        batch_names().find(is).map(Self::Batch).or_else(|| IGNORED.into_iter().find(is).map(Self::Ignored))
    }
}

fn batch_names() -> impl Iterator<Item = &'static str> {
    TRAIN_FILES.into_iter().chain([TEST_FILE])
}

fn expected_members() -> String {
    format!("the regular files {ARCHIVE_FOLDER}/{{data_batch_1 … 5,test_batch}}.bin and {}", IGNORED.join(", "))
}

/// A temporary file with default permissions, deleted on drop unless it is persisted.
fn temporary_in(folder: &Path) -> io::Result<NamedTempFile> {
    let [prefix, suffix] = TEMPORARY;
    tempfile::Builder::new()
        .prefix(prefix)
        .suffix(suffix)
        .make_in(folder, |path| OpenOptions::new().write(true).create_new(true).open(path))
}

/// Removes the temporary files of a killed run.
fn remove_leftovers(folder: &Path) -> Result<(), DataError> {
    let [prefix, suffix] = TEMPORARY;
    let unreadable = |source| DataError::Unreadable { file: folder.to_path_buf(), source };
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name();
        let is_ours = name.to_str().is_some_and(|name| name.starts_with(prefix) && name.ends_with(suffix));
        // This is the type of the entry itself: links are not followed and not removed.
        if is_ours && entry.file_type().map_err(unreadable)?.is_file() {
            fs::remove_file(entry.path()).map_err(|source| DataError::Unwritable { file: entry.path(), source })?;
        }
    }
    Ok(())
}

/// The side of a copy that failed.
enum Failure {
    Read(io::Error),
    Write(io::Error),
}

/// Copies to the end, and returns the number of bytes.
fn copy(from: &mut impl Read, to: &mut impl Write) -> Result<u64, Failure> {
    let mut buffer = vec![0; 1 << 16];
    let mut copied = 0;
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => return Ok(copied),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failure::Read(error)),
        };
        to.write_all(buffer.get(..read).unwrap_or_default()).map_err(Failure::Write)?;
        copied += read as u64;
    }
}

#[cfg(test)]
mod tests;
