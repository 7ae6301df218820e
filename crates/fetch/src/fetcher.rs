//! Requests a file from one mirror after another.

use crate::{
    download::Download,
    error::{Failure, FetchError, MirrorFailure},
    options::Options,
    part_file::{PartFile, failure},
    transfer::{Stop, transfer},
};
use std::{
    fs::{self, File},
    io::ErrorKind,
    path::{Path, PathBuf},
};
use ureq::Agent;

/// Progress of a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A request was sent to a mirror.
    Asked {
        /// The address of the mirror.
        url: &'a str,
        /// The number of bytes already present.
        have: u64,
    },
    /// Bytes were received.
    Received {
        /// The number of bytes present now.
        have: u64,
    },
    /// A request failed.
    Failed(&'a MirrorFailure),
}

/// Fetches downloads.
#[derive(Clone, Debug)]
pub struct Fetcher {
    agent: Agent,
    options: Options,
}

impl Fetcher {
    /// A fetcher with these options.
    ///
    /// # Errors
    ///
    /// Returns [`FetchError::Certificates`] or [`FetchError::File`] if the file of certificates is not usable.
    pub fn new(options: Options) -> Result<Self, FetchError> {
        Ok(Self { agent: options.agent()?, options })
    }

    /// Downloads the file into `folder`, which is created if necessary, and returns its path.
    ///
    /// If the file already exists with the right hash, no mirror is asked. Until the file is complete and its SHA-256 is
    /// verified, its name is `NAME.part`. An interrupted download resumes from this file, with any mirror.
    ///
    /// # Errors
    ///
    /// - Returns [`FetchError::Description`] if the description of the download is invalid.
    /// - Returns [`FetchError::Occupied`] if another file of the name already exists.
    /// - Returns [`FetchError::Busy`] if another process is fetching the file.
    /// - Returns [`FetchError::File`] if an operation on a file or folder fails.
    /// - Returns [`FetchError::Mirrors`] if no mirror provides the file.
    pub fn fetch(
        &self,
        download: &Download,
        folder: &Path,
        on: &mut dyn FnMut(Event<'_>),
    ) -> Result<PathBuf, FetchError> {
        download.check()?;
        fs::create_dir_all(folder).map_err(failure(folder, "creating the folder"))?;
        let target = folder.join(&download.name);
        if is_there(download, &target)? {
            return Ok(target);
        }
        let mut part = PartFile::open(&target)?;
        // Another process may have completed the file before the lock was taken.
        if is_there(download, &target)? {
            part.remove();
            return Ok(target);
        }
        if part.length() > download.size {
            part.clear()?;
        }
        let mut failures: Vec<MirrorFailure> = Vec::new();
        // An earlier process may have been killed after the last byte.
        let mut done = part.length() == download.size && verified(download, &mut part)?.is_ok();
        for url in &download.mirrors {
            if done {
                break;
            }
            match self.ask(download, url, &mut part, on) {
                Ok(()) => done = true,
                Err(Stop::Mirror(failure)) => failures.push(MirrorFailure { url: url.clone(), failure }),
                Err(Stop::Fatal(error)) => return Err(error),
            }
        }
        if done {
            part.finish(&target)?;
            return Ok(target);
        }
        part.leave();
        Err(FetchError::Mirrors { name: download.name.clone(), failures })
    }

    /// Requests the file from one mirror. Tries again as long as each failed request added bytes.
    fn ask(
        &self,
        download: &Download,
        url: &str,
        part: &mut PartFile,
        on: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), Stop> {
        let mut tries = 0;
        loop {
            tries += 1;
            let had = part.length();
            on(Event::Asked { url, have: had });
            let received = &mut |have| on(Event::Received { have });
            let mut stop = transfer(&self.agent, &self.options, url, download.size, part, received);
            // Wrong bytes from an earlier run show only in the hash of the whole file, so an existing part is worth another try.
            let mut again = part.length() > had;
            if stop.is_ok() {
                stop = verified(download, part)?.map_err(Stop::Mirror);
                again = had > 0;
            } else if part.length() == 0 {
                again = had > 0;
            }
            let failure = match stop {
                Err(Stop::Mirror(failure)) => failure,
                other => return other,
            };
            on(Event::Failed(&MirrorFailure { url: url.to_owned(), failure: failure.clone() }));
            if !again || tries >= self.options.tries {
                return Err(failure.into());
            }
        }
    }
}

/// Whether the complete file already exists. Returns [`FetchError::Occupied`] if it is another file.
fn is_there(download: &Download, target: &Path) -> Result<bool, FetchError> {
    let file = match File::open(target) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failure(target, "opening")(error)),
    };
    let found = minima_store::sha256_of(file).map_err(failure(target, "reading"))?;
    if found == download.sha256 {
        return Ok(true);
    }
    Err(FetchError::Occupied { file: target.to_path_buf(), found, expected: download.sha256.clone() })
}

/// Verifies the SHA-256 of a complete part, and empties the part if it is wrong.
fn verified(download: &Download, part: &mut PartFile) -> Result<Result<(), Failure>, FetchError> {
    let found = part.sha256()?;
    if found == download.sha256 {
        return Ok(Ok(()));
    }
    part.clear()?;
    Ok(Err(Failure::Hash { found, expected: download.sha256.clone() }))
}
