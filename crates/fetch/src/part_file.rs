//! A file that is not whole yet, beside the place where it will be.

use crate::error::FetchError;
use minima_store::sha256_of;
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// `NAME.part`, held by one process at a time.
pub(crate) struct PartFile {
    path: PathBuf,
    file: File,
    length: u64,
}

impl PartFile {
    /// Opens what an earlier run left, or a new one.
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
            // Not every file system has locks; what is written is verified in any case.
            Err(TryLockError::Error(_)) => {}
        }
        let length = file.metadata().map_err(failed("measuring"))?.len();
        Ok(Self { path, file, length })
    }

    /// The bytes that are there.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Begins again with no bytes.
    pub(crate) fn clear(&mut self) -> Result<(), FetchError> {
        self.file.set_len(0).map_err(failure(&self.path, "emptying"))?;
        self.length = 0;
        Ok(())
    }

    /// An empty one in the same folder that has no name, and goes with this value or this process.
    pub(crate) fn beside(&self) -> Result<Self, FetchError> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = tempfile::tempfile_in(folder).map_err(failure(folder, "making a temporary file"))?;
        Ok(Self { path: self.path.clone(), file, length: 0 })
    }

    /// Takes the bytes of `other` in place of its own.
    ///
    /// They are copied: a file that took this one's name would not have the lock that other processes may be waiting for.
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

    /// Adds bytes at the end.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
        let mut write = || {
            self.file.seek(SeekFrom::Start(self.length))?;
            self.file.write_all(bytes)
        };
        write().map_err(failure(&self.path, "writing"))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// The SHA-256 of what is on the disk.
    pub(crate) fn sha256(&mut self) -> Result<String, FetchError> {
        let mut read = || {
            self.file.sync_all()?;
            self.file.rewind()?;
            sha256_of(&self.file)
        };
        read().map_err(failure(&self.path, "reading back"))
    }

    /// Gives the file its name.
    pub(crate) fn finish(self, target: &Path) -> Result<(), FetchError> {
        fs::rename(&self.path, target).map_err(failure(target, "renaming"))?;
        if let Some(handle) = target.parent().and_then(|folder| File::open(folder).ok()) {
            // Not every system can sync a folder, and the file itself is already whole.
            let _ = handle.sync_all();
        }
        Ok(())
    }

    /// Keeps what came for the next time, and leaves nothing behind if nothing came.
    pub(crate) fn leave(self) {
        if self.length == 0 {
            self.remove();
        }
    }

    /// Takes the file away.
    pub(crate) fn remove(self) {
        // An empty or superfluous file harms nothing.
        let _ = fs::remove_file(&self.path);
    }
}

/// An error about a file.
pub(crate) fn failure(file: &Path, step: &'static str) -> impl FnOnce(io::Error) -> FetchError + use<> {
    let file = file.to_path_buf();
    move |source| FetchError::File { file, step, source }
}
