//! Files that appear whole or not at all.

use crate::hash::sha256;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file could not be written. An existing file at the path is unchanged.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {step} failed: {source}", path.display())]
pub struct AtomicWriteError {
    /// The file that was to be written.
    pub path: PathBuf,
    /// The step that failed.
    pub step: &'static str,
    /// The error of the operating system.
    pub source: io::Error,
}

/// Identifies this host, its boot and its process namespace. Equal process numbers mean the same process only if this is equal
/// too, because a folder on a network file system may hold temporary files of several hosts.
static HOST: LazyLock<String> = LazyLock::new(|| {
    let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let namespace = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let names =
        [text("/proc/sys/kernel/hostname"), text("/proc/sys/kernel/random/boot_id"), namespace.display().to_string()];
    sha256(names.join("\n").as_bytes()).chars().take(12).collect()
});

/// Whether `name` is a temporary file of [`write_atomically`] whose writer, a process of this host, no longer runs.
///
/// Returns `false` for a file of another host, because its processes cannot be seen from here.
pub(crate) fn is_abandoned(name: &str) -> bool {
    let middle = name.strip_prefix('.').and_then(|rest| rest.strip_suffix(".tmp"));
    let Some((_, writer)) = middle.and_then(|middle| middle.rsplit_once('.')) else { return false };
    let mut parts = writer.split('-');
    let (Some(host), Some(process), Some(number), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let (Ok(process), Ok(_)) = (process.parse::<u32>(), number.parse::<u64>()) else { return false };
    let processes = Path::new("/proc");
    host == *HOST
        && (process == std::process::id()
            || (processes.join("self").exists() && !processes.join(process.to_string()).exists()))
}

static COUNTER: AtomicU64 = AtomicU64::new(0);

/// Writes `bytes` to `path`: a temporary file in the same folder is written, synced and renamed over `path`.
///
/// Creates missing folders. If an error occurs, the temporary file is deleted and an existing file at `path` does not change.
///
/// # Errors
/// Returns [`AtomicWriteError`], which names the step that failed.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), AtomicWriteError> {
    write_atomically_by(path, |temporary| {
        OpenOptions::new().write(true).create_new(true).open(temporary)?.write_all(bytes)
    })
}

/// Writes `path` as [`write_atomically`] does, for content that is too large to be held as bytes: `fill` creates the temporary
/// file, whose path it is given.
///
/// # Errors
/// Returns [`AtomicWriteError`], which names the step that failed.
pub fn write_atomically_by(path: &Path, fill: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), AtomicWriteError> {
    let failed = |step| move |source| AtomicWriteError { path: path.to_path_buf(), step, source };
    let name = path.file_name().ok_or_else(|| {
        failed("finding its file name")(io::Error::new(io::ErrorKind::InvalidInput, "the path has no file name"))
    })?;
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).map_err(failed("creating its folder"))?;

    let mut temporary_name = std::ffi::OsString::from(".");
    temporary_name.push(name);
    temporary_name.push(format!(".{}-{}-{}.tmp", *HOST, std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed)));
    let temporary = folder.join(temporary_name);

    let written = fill(&temporary)
        .and_then(|()| OpenOptions::new().write(true).open(&temporary)?.sync_all())
        .map_err(failed("writing a temporary file beside it"))
        .and_then(|()| fs::rename(&temporary, path).map_err(failed("renaming the temporary file")));
    if let Err(error) = written {
        // The first error is the one to report; a leftover temporary file is harmless.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    sync_folder(folder);
    Ok(())
}

/// Deletes a file if it exists.
///
/// # Errors
/// Returns the operating system's error if the file exists and cannot be deleted.
pub fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn sync_folder(folder: &Path) {
    // Not every system can sync a folder, and the file itself is already complete.
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
    fn only_files_of_ended_processes_of_this_host_are_abandoned() {
        // No process has the number 2³² − 1.
        let (host, ended, own) = (&*HOST, u32::MAX, std::process::id());
        assert!(is_abandoned(&format!(".a.csv.{host}-{ended}-3.tmp")));
        assert!(is_abandoned(&format!(".a.csv.{host}-{own}-3.tmp")));
        assert!(!is_abandoned(&format!(".a.csv.{host}-1-3.tmp")), "a process that runs");
        for other in ["0123456789ab", "other"] {
            assert!(!is_abandoned(&format!(".a.csv.{other}-{ended}-3.tmp")), "another host's");
        }
        for name in [format!(".a.csv.{ended}-3.tmp"), format!("a.csv.{host}-{ended}-3.tmp"), ".hidden.tmp".to_owned()] {
            assert!(!is_abandoned(&name), "{name}");
        }
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
