//! Unpacks the archives of CIFAR-10 and CIFAR-100. An archive is untrusted input.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, BufReader, ErrorKind, Read, Write},
    path::Path,
};

use flate2::read::GzDecoder;
use tar::{Archive, EntryType};
use tempfile::NamedTempFile;

use crate::error::DataError;

/// The maximum size in bytes of an ignored file, and of data after the end of the archive.
const IGNORED_BYTES: u64 = 1 << 20;

/// The suffix of the names of temporary files.
const TEMPORARY: &str = ".tmp";

/// What an archive contains.
#[derive(Debug)]
pub(crate) struct Contents {
    /// The name of the data set.
    pub(crate) name: &'static str,
    /// The folder of the files within the archive.
    pub(crate) folder: &'static str,
    /// The files to unpack, with the size of each in bytes.
    pub(crate) files: Vec<(&'static str, u64)>,
    /// The other files in the archive.
    pub(crate) ignored: &'static [&'static str],
    /// The prefix of the names of temporary files.
    pub(crate) temporary: &'static str,
}

/// Unpacks an archive into a folder. The documentation of [`cifar10::unpack`](crate::cifar10::unpack) describes what is unpacked and
/// what is refused.
pub(crate) fn unpack(contents: &Contents, path: &Path, folder: &Path) -> Result<(), DataError> {
    let file = File::open(path).map_err(|source| match source.kind() {
        ErrorKind::NotFound => {
            DataError::Missing { file: path.to_path_buf(), expected: format!("the archive of {}", contents.name) }
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
    remove_leftovers(contents, folder)?;

    let mut unpacked = BTreeMap::new();
    let mut ignored = Vec::new();
    let mut archive = Archive::new(GzDecoder::new(BufReader::new(file)));
    // Raw, because the tar crate otherwise reads extension headers into memory, whatever their length.
    for entry in archive.entries().map_err(broken)?.raw(true) {
        let mut entry = entry.map_err(broken)?;
        let shown = entry.path_bytes().escape_ascii().to_string();
        let (kind, size) = (entry.header().entry_type(), entry.size());
        let member = contents
            .member(&entry.path_bytes(), kind)
            .ok_or_else(|| wrong(format!("an entry {shown} ({kind:?})"), contents.expected()))?;
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
            Member::Unpacked(name, bytes) => {
                if size != bytes {
                    return Err(wrong(format!("{shown} of {size} bytes"), format!("{bytes} bytes")));
                }
                let mut temporary = temporary_in(contents, folder).map_err(unwritable(folder))?;
                let copied = copy(&mut entry, temporary.as_file_mut()).map_err(|failure| match failure {
                    Failure::Read(error) => broken(error),
                    Failure::Write(error) => unwritable(temporary.path())(error),
                })?;
                if copied != bytes {
                    return Err(wrong(format!("{copied} bytes of {shown}"), format!("{bytes} bytes")));
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
    if let Some((name, _)) = contents.files.iter().find(|(name, _)| !unpacked.contains_key(name)) {
        return Err(wrong(format!("an archive without {}/{name}", contents.folder), contents.expected()));
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
    /// A file to unpack, and its size in bytes.
    Unpacked(&'static str, u64),
    /// An entry that is not unpacked.
    Ignored(&'static str),
}

impl Contents {
    /// Classifies an entry by path and kind. Returns `None` if it is not allowed.
    fn member(&self, path: &[u8], kind: EntryType) -> Option<Member> {
        let name = path.strip_prefix(self.folder.as_bytes())?;
        if kind.is_dir() {
            return matches!(name, b"" | b"/").then_some(Member::Ignored(self.folder));
        }
        let name = name.strip_prefix(b"/").filter(|_| kind.is_file())?;
        let is = |known: &str| known.as_bytes() == name;
        let unpacked = self.files.iter().find(|(file, _)| is(file)).map(|&(file, bytes)| Member::Unpacked(file, bytes));
        unpacked.or_else(|| self.ignored.iter().find(|file| is(file)).map(|file| Member::Ignored(file)))
    }

    /// The allowed entries, for errors.
    fn expected(&self) -> String {
        let names: Vec<&str> = self.files.iter().map(|(name, _)| *name).chain(self.ignored.iter().copied()).collect();
        format!("the regular files {} in {}", names.join(", "), self.folder)
    }
}

/// A temporary file with default permissions, deleted on drop unless it is persisted.
fn temporary_in(contents: &Contents, folder: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(contents.temporary)
        .suffix(TEMPORARY)
        .make_in(folder, |path| OpenOptions::new().write(true).create_new(true).open(path))
}

/// Removes the temporary files of a killed run.
fn remove_leftovers(contents: &Contents, folder: &Path) -> Result<(), DataError> {
    let unreadable = |source| DataError::Unreadable { file: folder.to_path_buf(), source };
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name();
        let is_ours =
            name.to_str().is_some_and(|name| name.starts_with(contents.temporary) && name.ends_with(TEMPORARY));
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
