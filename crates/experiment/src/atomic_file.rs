//! Files that appear whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A file could not be written; whatever stood there before still does.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {step} failed: {source}", path.display())]
pub struct AtomicWriteError {
    /// The file that was to be written.
    pub path: PathBuf,
    /// The step that failed.
    pub step: &'static str,
    /// What the operating system said.
    pub source: io::Error,
}

/// The process that made a file of this name, where it is a temporary one of [`write_atomically`], `.{name}.{process}-{number}.tmp`.
#[must_use]
pub fn temporary_process(name: &str) -> Option<u32> {
    let middle = name.strip_prefix('.').and_then(|rest| rest.strip_suffix(".tmp"));
    let numbers = middle.and_then(|middle| middle.rsplit_once('.')).and_then(|(_, numbers)| numbers.split_once('-'));
    let (process, number) = numbers?;
    number.parse::<u64>().ok()?;
    process.parse().ok()
}

static COUNTER: AtomicU64 = AtomicU64::new(0);

/// Writes `bytes` to `path`: a temporary file in the same folder is written, synced and renamed over `path`.
///
/// Missing folders are made. On an error the temporary file is removed and an old file at `path` is left as it was.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), AtomicWriteError> {
    let failed = |step| move |source| AtomicWriteError { path: path.to_path_buf(), step, source };
    let name = path.file_name().ok_or_else(|| {
        failed("finding its file name")(io::Error::new(io::ErrorKind::InvalidInput, "the path ends in no file name"))
    })?;
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).map_err(failed("making its folder"))?;

    let mut temporary_name = std::ffi::OsString::from(".");
    temporary_name.push(name);
    temporary_name.push(format!(".{}-{}.tmp", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed)));
    let temporary = folder.join(temporary_name);

    let written = fill(&temporary, bytes)
        .map_err(failed("writing a temporary file beside it"))
        .and_then(|()| fs::rename(&temporary, path).map_err(failed("renaming")));
    if let Err(error) = written {
        // The first error is the one to report; a leftover temporary file harms nothing.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    sync_folder(folder);
    Ok(())
}

/// Takes a file away, where there is one.
pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn fill(temporary: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(temporary)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_folder(folder: &Path) {
    // Not every system can sync a folder, and the file itself is already whole.
    if let Ok(handle) = File::open(folder) {
        let _ = handle.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_a_file_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tables/a.csv");
        write_atomically(&path, b"old").unwrap();
        write_atomically(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path().join("tables")).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_write_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("inside"), b"kept").unwrap();
        let error = write_atomically(&path, b"new").unwrap_err();
        assert!(error.to_string().contains("a.csv"), "{error}");
        assert_eq!(fs::read(path.join("inside")).unwrap(), b"kept");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

        let under_a_file = folder.path().join("file");
        fs::write(&under_a_file, b"kept").unwrap();
        assert!(write_atomically(&under_a_file.join("b.csv"), b"new").is_err());
        assert_eq!(fs::read(&under_a_file).unwrap(), b"kept");
    }

    #[test]
    fn a_path_without_a_file_name_is_an_error() {
        assert!(write_atomically(Path::new("/"), b"new").is_err());
    }
}
