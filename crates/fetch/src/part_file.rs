//! An incomplete file beside its final path.

use crate::error::FetchError;
use minima_store::sha256_of;
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// The file `NAME.part`, locked by one process at a time.
pub(crate) struct PartFile {
    path: PathBuf,
    file: File,
    length: u64,
}

impl PartFile {
    /// Opens the file of an earlier run, or creates a new one.
    pub(crate) fn open(target: &Path) -> Result<Self, FetchError> {
        let mut path = target.as_os_str().to_owned();
        path.push(".part");
        let path = PathBuf::from(path);
        let failed = |step| failure(&path, step);
        let mut options = OpenOptions::new();
        let file =
            options.read(true).write(true).create(true).truncate(false).open(&path).map_err(failed("opening"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FetchError::Busy { file: path }),
            // Some file systems have no locks. The content is verified in any case.
            Err(TryLockError::Error(_)) => {}
        }
        let length = file.metadata().map_err(failed("measuring"))?.len();
        Ok(Self { path, file, length })
    }

    /// The number of bytes in the file.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Empties the file.
    pub(crate) fn clear(&mut self) -> Result<(), FetchError> {
        self.file.set_len(0).map_err(failure(&self.path, "truncating"))?;
        self.length = 0;
        Ok(())
    }

    /// An empty, unnamed file in the same folder, deleted when it is dropped or the process ends.
    pub(crate) fn beside(&self) -> Result<Self, FetchError> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = tempfile::tempfile_in(folder).map_err(failure(folder, "creating a temporary file"))?;
        Ok(Self { path: self.path.clone(), file, length: 0 })
    }

    /// Replaces the content with the content of `other`.
    ///
    /// The bytes are copied. A renamed file would not have the lock that other processes may be waiting for.
    pub(crate) fn replace(&mut self, mut other: Self) -> Result<(), FetchError> {
        self.clear()?;
        let mut copy = || {
            other.file.rewind()?;
            self.file.rewind()?;
            io::copy(&mut other.file, &mut self.file)
        };
        self.length = copy().map_err(failure(&self.path, "writing"))?;
        Ok(())
    }

    /// Appends bytes.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
        let mut write = || {
            self.file.seek(SeekFrom::Start(self.length))?;
            self.file.write_all(bytes)
        };
        write().map_err(failure(&self.path, "writing"))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// The SHA-256 of the file on disk.
    pub(crate) fn sha256(&mut self) -> Result<String, FetchError> {
        let mut read = || {
            self.file.sync_all()?;
            self.file.rewind()?;
            sha256_of(&self.file)
        };
        read().map_err(failure(&self.path, "reading back"))
    }

    /// Renames the file to its final path.
    pub(crate) fn finish(self, target: &Path) -> Result<(), FetchError> {
        fs::rename(&self.path, target).map_err(failure(target, "renaming"))?;
        if let Some(handle) = target.parent().and_then(|folder| File::open(folder).ok()) {
            // Some systems cannot sync a folder. The file itself is already complete.
            let _ = handle.sync_all();
        }
        Ok(())
    }

    /// Keeps the bytes for a later run, or removes the file if it is empty.
    pub(crate) fn leave(self) {
        if self.length == 0 {
            self.remove();
        }
    }

    /// Removes the file.
    pub(crate) fn remove(self) {
        // A remaining file does no harm.
        let _ = fs::remove_file(&self.path);
    }
}

/// Makes a [`FetchError::File`] about this file and operation.
pub(crate) fn failure(file: &Path, step: &'static str) -> impl FnOnce(io::Error) -> FetchError + use<> {
    let file = file.to_path_buf();
    move |source| FetchError::File { file, step, source }
}
