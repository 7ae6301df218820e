//! A folder that one run at a time writes to.

use super::error::FolderError;
use crate::atomic_file::{is_abandoned, write_atomically};
use crate::bounded_file::{self, read_at_most};
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A results folder that is locked while this value lives. The operating system releases the lock when the process ends.
#[derive(Debug)]
pub struct ResultsFolder {
    path: PathBuf,
    /// Holds the lock.
    _handle: Option<File>,
}

impl ResultsFolder {
    /// Creates the folder if it is missing, locks it, and deletes temporary files that a killed run left in it.
    ///
    /// # Errors
    /// Returns [`FolderError::Busy`] if another run has locked it, and [`FolderError::System`] if it cannot be created or opened.
    pub fn claim(path: &Path) -> Result<Self, FolderError> {
        let handle = lock(path)?;
        sweep(path);
        Ok(Self { path: path.to_owned(), _handle: handle })
    }

    /// Moves an existing folder to `{name}.before-1`, or the first such name that is free, and creates a new folder. Returns the
    /// path of the moved folder.
    ///
    /// # Errors
    /// Returns the errors of [`claim`](Self::claim), and [`FolderError::System`] if the folder cannot be moved or contains the
    /// current directory.
    pub fn claim_fresh(path: &Path) -> Result<(Self, Option<PathBuf>), FolderError> {
        // If the path is a link, its target is moved and created again.
        let Ok(path) = path.canonicalize() else { return Ok((Self::claim(path)?, None)) };
        if std::env::current_dir().is_ok_and(|here| here.starts_with(&path)) {
            let source = std::io::Error::other("it contains the current directory");
            return Err(FolderError::System { path, step: "moving aside", source });
        }
        let moved = {
            let _nobody_else = lock(&path)?;
            let to = free_name(&path);
            let failed = |source| FolderError::System { path: path.clone(), step: "moving aside", source };
            fs::rename(&path, &to).map_err(failed)?;
            to
        };
        Ok((Self::claim(&path)?, Some(moved)))
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Checks that `file` in the folder holds this configuration; writes the file if it does not exist.
    ///
    /// # Errors
    /// Returns [`FolderError::Other`] with the first line that differs, and [`FolderError::System`] or [`FolderError::Write`] if
    /// the file cannot be read or written.
    pub fn configure(&self, file: &str, configuration: &str) -> Result<(), FolderError> {
        let path = self.path.join(file);
        match read_at_most(&path, bounded_file::TEXT) {
            Ok(found) => same_lines(&path, &String::from_utf8_lossy(&found), configuration),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(write_atomically(&path, configuration.as_bytes())?),
            Err(source) => Err(FolderError::System { path, step: "reading", source }),
        }
    }
}

/// The path to which an existing file or folder is moved: the first of `{name}.before-1`, `-2`, … that is free.
#[must_use]
pub fn free_name(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let candidates = (1u64..).map(|number| path.with_file_name(format!("{name}.before-{number}")));
    candidates.into_iter().find(|candidate| !candidate.exists()).unwrap_or_else(|| path.with_file_name("before"))
}

/// Creates a folder and locks it. Returns `None` if the system or file system cannot lock folders.
fn lock(path: &Path) -> Result<Option<File>, FolderError> {
    let failed = |step| move |source| FolderError::System { path: path.to_owned(), step, source };
    loop {
        fs::create_dir_all(path).map_err(failed("creating the folder"))?;
        if !cfg!(unix) {
            return Ok(None);
        }
        let folder = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            folder => folder.map_err(failed("opening the folder"))?,
        };
        match folder.try_lock() {
            // Another process may have moved or deleted the folder between opening and locking.
            Ok(()) if is_at(&folder, path) => return Ok(Some(folder)),
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FolderError::Busy(path.to_owned())),
            // Some file systems, such as NFS, cannot lock folders.
            Err(TryLockError::Error(_)) => return Ok(None),
        }
    }
}

/// Whether an open folder is the one at this path.
#[cfg(unix)]
fn is_at(folder: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |metadata: std::io::Result<fs::Metadata>| metadata.map(|m| (m.dev(), m.ino())).ok();
    place(folder.metadata()) == place(fs::metadata(path))
}

#[cfg(not(unix))]
fn is_at(_folder: &File, _path: &Path) -> bool {
    true
}

/// Deletes abandoned temporary files in a folder and its subfolders. Skips what cannot be read.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            // Another run may be writing to the subfolder.
            Ok(kind) if kind.is_dir() && !is_locked(&entry.path()) => sweep(&entry.path()),
            Ok(kind) if kind.is_file() && is_abandoned(&entry.file_name().to_string_lossy()) => {
                // A remaining temporary file is harmless.
                let _ = fs::remove_file(entry.path());
            }
            _ => {}
        }
    }
}

fn is_locked(folder: &Path) -> bool {
    File::open(folder).is_ok_and(|folder| matches!(folder.try_lock(), Err(TryLockError::WouldBlock)))
}

/// Deletes the abandoned temporary files of these files.
pub fn sweep_beside(files: &[PathBuf]) {
    for file in files {
        let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else { continue };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let prefix = format!(".{}.", name.to_string_lossy());
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(&prefix) && is_abandoned(&name) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// Checks that two configurations are the same, line by line. The data set's name and path may differ: the same files may lie
/// in another folder, and their hashes decide.
///
/// # Errors
/// Returns [`FolderError::Other`] with the first line in which they differ if there is one.
pub fn same_lines(path: &Path, found: &str, expected: &str) -> Result<(), FolderError> {
    if deciding(found).eq(deciding(expected)) {
        return Ok(());
    }
    let (mut here, mut wanted) = (deciding(found), deciding(expected));
    loop {
        match (here.next(), wanted.next()) {
            (Some(a), Some(b)) if a == b => {}
            (a, b) => {
                let line = |line: Option<&str>| line.unwrap_or("<end of file>").to_owned();
                return Err(FolderError::Other { path: path.to_owned(), found: line(a), expected: line(b) });
            }
        }
    }
}

/// The lines of a configuration that decide results.
fn deciding(configuration: &str) -> impl Iterator<Item = &str> {
    configuration.lines().filter(|line| !DATA_PLACE.iter().any(|start| line.starts_with(start)))
}

/// How a line with the data set's name or path begins.
const DATA_PLACE: [&str; 3] = ["data_name = ", "data = \"", "path = \""];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_run_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results");
        let first = ResultsFolder::claim(&path).unwrap();
        assert!(matches!(ResultsFolder::claim(&path), Err(FolderError::Busy(_))));
        assert!(matches!(ResultsFolder::claim_fresh(&path), Err(FolderError::Busy(_))));
        drop(first);
        ResultsFolder::claim(&path).unwrap();
    }

    #[test]
    fn another_configuration_is_refused_with_its_first_line_that_differs() {
        let folder = tempfile::tempdir().unwrap();
        let results = ResultsFolder::claim(folder.path()).unwrap();
        results.configure("config.toml", "epochs = 3\nseed = 1\n").unwrap();
        results.configure("config.toml", "epochs = 3\nseed = 1\n").unwrap();
        let error = results.configure("config.toml", "epochs = 3\nseed = 2\n").unwrap_err().to_string();
        assert!(error.contains("found `seed = 1`, expected `seed = 2`"), "{error}");
        let error = results.configure("config.toml", "epochs = 3\n").unwrap_err().to_string();
        assert!(error.contains("expected `<end of file>`"), "{error}");
    }

    #[test]
    fn what_is_there_is_moved_aside_whole_and_leftovers_are_swept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results");
        for number in 1..=2 {
            let (_claimed, moved) = ResultsFolder::claim_fresh(&path).unwrap();
            assert_eq!(moved, (number > 1).then(|| folder.path().canonicalize().unwrap().join("results.before-1")));
            fs::create_dir(path.join("tables")).unwrap();
            fs::write(path.join("tables/a.csv"), number.to_string()).unwrap();
        }
        assert_eq!(fs::read_to_string(folder.path().join("results.before-1/tables/a.csv")).unwrap(), "1");
        // A process of another host may still run. Without locks, as on NFS, its temporary files must not be deleted.
        fs::write(path.join("tables/.a.csv.0123456789ab-4294967295-3.tmp"), "half").unwrap();
        fs::write(path.join("tables/.hidden.tmp"), "the user's").unwrap();
        ResultsFolder::claim(&path).unwrap();
        let mut left: Vec<_> = fs::read_dir(path.join("tables")).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".a.csv.0123456789ab-4294967295-3.tmp", ".hidden.tmp", "a.csv"]);
    }
}
