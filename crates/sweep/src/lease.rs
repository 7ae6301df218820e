//! A job that this process works on: the claim with its heartbeat, and its end.

use crate::claim::{Claim, Pulse, Release};
use crate::error::SweepError;
use crate::exclusive::create;
use crate::layout::{self, Mark};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// A job that this process works on. Its heartbeat beats while the value lives.
#[derive(Debug)]
pub struct Lease {
    claim: Claim,
    folder: PathBuf,
    is_lost: Arc<AtomicBool>,
    /// Dropped first, so that the thread ends.
    end: Option<Sender<()>>,
    heart: Option<JoinHandle<()>>,
}

impl Lease {
    /// Starts the heartbeat of a claim. `on_loss` is called, from another thread, if another process supersedes the claim.
    pub(crate) fn new(folder: &Path, claim: Claim, on_loss: impl FnOnce() + Send + 'static) -> Self {
        let is_lost = Arc::new(AtomicBool::new(false));
        let (end, ended) = channel();
        let every = Duration::try_from_secs_f64(claim.note().beat_seconds).unwrap_or(Duration::MAX);
        let (pulse, lost) = (claim.pulse(), Arc::clone(&is_lost));
        // Without a heartbeat the claim is superseded after a while, and the results are whole all the same.
        let heart =
            Builder::new().name("heartbeat".to_owned()).spawn(move || beat(pulse, every, &ended, &lost, on_loss));
        Self { claim, folder: folder.to_owned(), is_lost, end: Some(end), heart: heart.ok() }
    }

    /// The claim.
    #[must_use]
    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    /// Whether another process has superseded the claim.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::SeqCst) || self.claim.pulse().is_superseded()
    }

    /// The folder for the results of this generation. No other generation writes to it.
    #[must_use]
    pub fn work(&self) -> PathBuf {
        layout::work(&self.folder, self.claim.job(), self.claim.generation())
    }

    /// The folder of the newest earlier generation that has left something.
    #[must_use]
    pub fn left_behind(&self) -> Option<PathBuf> {
        let earlier = (1..self.claim.generation()).rev();
        earlier.map(|generation| layout::work(&self.folder, self.claim.job(), generation)).find(|work| work.is_dir())
    }

    /// Gives the job back. The next owner goes on from what is saved.
    #[must_use]
    pub fn release(&self) -> Release {
        self.claim.release()
    }

    /// Says that the job is done, with a note. If another generation has said so before, its note stays.
    ///
    /// # Errors
    /// Returns [`SweepError::System`] if the file cannot be created, and [`SweepError::Json`] if the note is not JSON.
    pub fn done(self, note: &serde_json::Value) -> Result<(), SweepError> {
        self.end(Mark::Done, note)
    }

    /// Says that the job failed, and would fail again.
    ///
    /// # Errors
    /// Returns [`SweepError::System`] if the file cannot be created.
    pub fn failed(self, why: &str) -> Result<(), SweepError> {
        self.end(Mark::Failed(self.claim.generation()), &serde_json::Value::from(why))
    }

    fn end(&self, mark: Mark, note: &serde_json::Value) -> Result<(), SweepError> {
        let (job, owner) = (self.claim.job(), &self.claim.note().owner);
        let generation = self.claim.generation();
        let end = serde_json::json!({ "host": owner.host, "process": owner.process, "by": owner.nonce(), "generation": generation, "note": note });
        let failed = |source| SweepError::Json { name: format!("the end of job {job}"), source };
        let bytes = serde_json::to_string(&end).map_err(failed)? + "\n";
        create(&mark.path(&self.folder, job), bytes.as_bytes(), owner.nonce()).map(|_| ())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(heart) = self.heart.take() {
            // A panic of the thread has been reported.
            let _ = heart.join();
        }
    }
}

/// Beats until the lease ends or is lost.
fn beat(mut pulse: Pulse, every: Duration, ended: &Receiver<()>, lost: &AtomicBool, on_loss: impl FnOnce()) {
    while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(every) {
        if pulse.is_superseded() {
            lost.store(true, Ordering::SeqCst);
            on_loss();
            return;
        }
        pulse.beat();
    }
}

/// Moves a folder of results to its public place, at once and whole. Returns `false` if the place is taken, and leaves the folder
/// where it is.
///
/// # Errors
/// Returns [`SweepError::System`] if the folder cannot be moved and the place is not taken.
pub fn publish(from: &Path, to: &Path) -> Result<bool, SweepError> {
    let failed = |step| move |source| SweepError::System { path: to.to_owned(), step, source };
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).map_err(failed("creating its folder"))?;
    }
    match fs::rename(from, to) {
        Ok(()) => Ok(true),
        // A folder with files is never replaced. A repeated request of a network file system fails, too, after its first one has
        // moved the folder.
        Err(_) if to.is_dir() => Ok(!from.exists()),
        Err(source) => Err(failed("publishing the results")(source)),
    }
}

/// Copies the files of a folder that its owner may still change. Files are linked where the file system can, because they are only
/// ever replaced and never changed in place. What vanishes meanwhile is left out, and a state that lacks it is refused later.
///
/// # Errors
/// Returns [`SweepError::System`] if a folder cannot be created or read, or a file cannot be copied.
pub fn inherit(from: &Path, to: &Path) -> Result<(), SweepError> {
    let failed = |step| move |source| SweepError::System { path: to.to_owned(), step, source };
    fs::create_dir_all(to).map_err(failed("creating the folder of results"))?;
    let entries = fs::read_dir(from).map_err(failed("reading the earlier results"))?;
    for entry in entries.flatten() {
        let (source, name) = (entry.path(), entry.file_name());
        let target = to.join(&name);
        if source.is_dir() {
            inherit(&source, &target)?;
        } else if !name.to_string_lossy().ends_with(".tmp")
            && !target.exists()
            && fs::hard_link(&source, &target).is_err()
            && let Err(error) = fs::copy(&source, &target)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(failed("copying the earlier results")(error));
        }
    }
    Ok(())
}
