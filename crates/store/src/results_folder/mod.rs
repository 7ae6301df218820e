//! A folder that a run writes its results into: one run at a time, of one configuration.

mod unfinished;

pub use unfinished::Unfinished;

use crate::atomic_file::{AtomicWriteError, is_abandoned, write_atomically};
use crate::bounded_file::{self, read_at_most};
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A folder cannot be written to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// Another run writes to it.
    #[error("{}: found another run at work, expected none (it ends by itself, or with Ctrl-C)", .0.display())]
    Busy(PathBuf),
    /// It holds results of another configuration.
    #[error(
        "{}: found `{found}`, expected `{expected}` (another --out keeps both; --fresh moves what is there aside)",
        path.display()
    )]
    Other {
        /// The file that tells the configuration.
        path: PathBuf,
        /// Its first line that differs.
        found: String,
        /// The line of the configuration that was asked for.
        expected: String,
    },
    /// The operating system would not.
    #[error("{}: {step} failed: {source}", path.display())]
    System {
        /// The folder or file.
        path: PathBuf,
        /// What was tried.
        step: &'static str,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] AtomicWriteError),
}

/// A folder that nobody else writes to as long as this lives. The lock is the operating system's: it goes with the process.
#[derive(Debug)]
pub struct ResultsFolder {
    path: PathBuf,
    /// Holds the lock.
    _handle: Option<File>,
}

impl ResultsFolder {
    /// Makes the folder where it is missing, takes it, and takes away temporary files that a killed run left in it.
    ///
    /// # Errors
    /// When another run has it, or it cannot be made or read.
    pub fn claim(path: &Path) -> Result<Self, FolderError> {
        let handle = lock(path)?;
        sweep(path);
        Ok(Self { path: path.to_owned(), _handle: handle })
    }

    /// Moves what is in the way to `{name}.before-1`, or the first such name that is free, and makes a new folder. Returns where it went.
    ///
    /// # Errors
    /// As [`claim`](Self::claim), when it cannot be moved, and for the folder that the program is in.
    pub fn claim_fresh(path: &Path) -> Result<(Self, Option<PathBuf>), FolderError> {
        // Behind a link, the folder that it leads to is moved, and made again.
        let Ok(path) = path.canonicalize() else { return Ok((Self::claim(path)?, None)) };
        if std::env::current_dir().is_ok_and(|here| here.starts_with(&path)) {
            let source = std::io::Error::other("the program is in it");
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

    /// Fails where a file of the folder tells another configuration than this; writes it where there is no such file.
    ///
    /// # Errors
    /// [`FolderError::Other`] with the first line that differs, or when the file cannot be read or written.
    pub fn configure(&self, file: &str, configuration: &str) -> Result<(), FolderError> {
        let path = self.path.join(file);
        match read_at_most(&path, bounded_file::TEXT) {
            Ok(found) => same_lines(&path, &String::from_utf8_lossy(&found), configuration),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(write_atomically(&path, configuration.as_bytes())?),
            Err(source) => Err(FolderError::System { path, step: "reading", source }),
        }
    }
}

/// The name under which something is moved aside: the first of `{name}.before-1`, `-2`, … that is free.
#[must_use]
pub fn free_name(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let candidates = (1u64..).map(|number| path.with_file_name(format!("{name}.before-{number}")));
    candidates.into_iter().find(|candidate| !candidate.exists()).unwrap_or_else(|| path.with_file_name("before"))
}

/// Makes a folder and locks it; where folders cannot be locked, there is no lock.
fn lock(path: &Path) -> Result<Option<File>, FolderError> {
    let failed = |step| move |source| FolderError::System { path: path.to_owned(), step, source };
    loop {
        fs::create_dir_all(path).map_err(failed("making the folder"))?;
        if !cfg!(unix) {
            return Ok(None);
        }
        let folder = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            folder => folder.map_err(failed("opening the folder"))?,
        };
        match folder.try_lock() {
            // Somebody may have moved it aside, or taken it away, between opening and locking.
            Ok(()) if is_at(&folder, path) => return Ok(Some(folder)),
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FolderError::Busy(path.to_owned())),
            // Some file systems, such as NFS, lock no folders.
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

/// Takes away temporary files that nobody writes any more, in a folder and those below it. What cannot be read is left alone.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            // Another run may be at work further down.
            Ok(kind) if kind.is_dir() && !is_locked(&entry.path()) => sweep(&entry.path()),
            Ok(kind) if kind.is_file() && is_abandoned(&entry.file_name().to_string_lossy()) => {
                // A leftover that stays harms nothing.
                let _ = fs::remove_file(entry.path());
            }
            _ => {}
        }
    }
}

fn is_locked(folder: &Path) -> bool {
    File::open(folder).is_ok_and(|folder| matches!(folder.try_lock(), Err(TryLockError::WouldBlock)))
}

/// Takes away what a killed process left of writing these files.
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

/// Checks that two configurations are the same, line by line. The data set's name may differ: it can be that of a folder, and the
/// hashes decide.
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
                let line = |line: Option<&str>| line.unwrap_or("nothing more").to_owned();
                return Err(FolderError::Other { path: path.to_owned(), found: line(a), expected: line(b) });
            }
        }
    }
}

/// The lines of a configuration that decide results.
fn deciding(configuration: &str) -> impl Iterator<Item = &str> {
    configuration.lines().filter(|line| !line.starts_with(DATA_NAME))
}

/// How a line with the data set's name begins.
const DATA_NAME: &str = "data_name = ";

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
        assert!(error.contains("expected `nothing more`"), "{error}");
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
        // Another host's process may be at work: without locks, as on NFS, its temporary files must stay.
        fs::write(path.join("tables/.a.csv.0123456789ab-4294967295-3.tmp"), "half").unwrap();
        fs::write(path.join("tables/.hidden.tmp"), "the user's").unwrap();
        ResultsFolder::claim(&path).unwrap();
        let mut left: Vec<_> = fs::read_dir(path.join("tables")).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".a.csv.0123456789ab-4294967295-3.tmp", ".hidden.tmp", "a.csv"]);
    }
}
