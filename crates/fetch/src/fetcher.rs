//! Mirror after mirror until one has given the file.

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

/// What happens while a file is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A mirror is asked.
    Asked {
        /// Its address.
        url: &'a str,
        /// The bytes that are there already.
        have: u64,
    },
    /// Bytes came.
    Received {
        /// How many there are now.
        have: u64,
    },
    /// A mirror did not give the file, this time.
    Failed(&'a MirrorFailure),
}

/// Fetches downloads.
#[derive(Clone, Debug)]
pub struct Fetcher {
    agent: Agent,
    options: Options,
}

impl Fetcher {
    /// One that keeps to these options.
    ///
    /// # Errors
    ///
    /// [`FetchError::Certificates`] or [`FetchError::File`] for a file of certificates that is of no use.
    pub fn new(options: Options) -> Result<Self, FetchError> {
        Ok(Self { agent: options.agent()?, options })
    }

    /// Puts the file into `folder`, which is made if need be, and says where it is.
    ///
    /// If it is there already, with the right hash, no mirror is asked. Until the file is whole and its SHA-256 is the
    /// known one, it is called `NAME.part`; what an interrupted call left there is gone on with, from whatever mirror.
    ///
    /// # Errors
    ///
    /// [`FetchError::Description`]; [`FetchError::Occupied`] if another file of the name is there;
    /// [`FetchError::Busy`] if another process is at it; [`FetchError::File`]; [`FetchError::Mirrors`] if none gave it.
    pub fn fetch(
        &self,
        download: &Download,
        folder: &Path,
        on: &mut dyn FnMut(Event<'_>),
    ) -> Result<PathBuf, FetchError> {
        download.check()?;
        fs::create_dir_all(folder).map_err(failure(folder, "making the folder"))?;
        let target = folder.join(&download.name);
        if is_there(download, &target)? {
            return Ok(target);
        }
        let mut part = PartFile::open(&target)?;
        // Another process may have finished it in between.
        if is_there(download, &target)? {
            part.remove();
            return Ok(target);
        }
        if part.length() > download.size {
            part.clear()?;
        }
        let mut failures: Vec<MirrorFailure> = Vec::new();
        // Killed after the last byte.
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

    /// Asks one mirror, and again as long as each time it sends something and breaks off.
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
            // A part of the right bytes and one of wrong ones are told apart by nothing but the whole.
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

/// Whether the whole file is there already.
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

/// Whether a whole part has the right bytes; if not, it is emptied.
fn verified(download: &Download, part: &mut PartFile) -> Result<Result<(), Failure>, FetchError> {
    let found = part.sha256()?;
    if found == download.sha256 {
        return Ok(Ok(()));
    }
    part.clear()?;
    Ok(Err(Failure::Hash { found, expected: download.sha256.clone() }))
}
