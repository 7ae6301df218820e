//! A claim: an exclusively created file with the owner of a job, and its heartbeat.
//!
//! Nobody but its owner ever changes or deletes a claim. A claim whose owner is gone is superseded by the claim of the next
//! generation.

use crate::error::SweepError;
use crate::exclusive::{Created, create};
use crate::layout::Mark;
use crate::owner::Owner;
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The content of a claim, without its heartbeat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClaimNote {
    /// The job.
    pub job: u64,
    /// The number of the claim among all claims of the job, from 1.
    pub generation: u64,
    /// The process that owns it.
    pub owner: Owner,
    /// The owner's clock at the start, in seconds since 1970. Shown only: clocks of hosts differ.
    pub started: u64,
    /// The time between heartbeats, in seconds.
    pub beat_seconds: f64,
}

/// The beginning of the line of the heartbeat.
const BEAT: &str = "beat ";

impl ClaimNote {
    /// The note and the heartbeats in a claim's bytes; `None` if they are not a claim.
    pub(crate) fn parse(bytes: &[u8]) -> Option<(Self, u64)> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (note, beat) = text.split_once('\n')?;
        Some((serde_json::from_str(note).ok()?, beat.strip_prefix(BEAT)?.trim().parse().ok()?))
    }
}

/// A claim that this process owns.
#[derive(Debug)]
pub struct Claim {
    folder: PathBuf,
    note: ClaimNote,
    /// The place of the heartbeat's digits in the file.
    beat_at: u64,
    beats: u64,
}

impl Claim {
    /// Claims a job, after its generation `over`. Returns `None` if another process has claimed it, or the job is done.
    ///
    /// # Errors
    /// Returns [`SweepError::System`] if the file cannot be created.
    pub(crate) fn new(
        folder: &Path,
        job: u64,
        over: u64,
        owner: &Owner,
        beat: Duration,
    ) -> Result<Option<Self>, SweepError> {
        let generation = over.saturating_add(1);
        let started = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let note = ClaimNote { job, generation, owner: owner.clone(), started, beat_seconds: beat.as_secs_f64() };
        let failed = |source| SweepError::Json { name: format!("the claim of job {job}"), source };
        let head = serde_json::to_string(&note).map_err(failed)? + "\n" + BEAT;
        let bytes = format!("{head}{:020}\n", 0);
        match create(&Mark::Claim(generation).path(folder, job), bytes.as_bytes(), owner.nonce())? {
            Created::Before => Ok(None),
            // The owner of an earlier generation may have ended it in the meantime.
            Created::Here if Mark::Done.path(folder, job).exists() => Ok(None),
            Created::Here => Ok(Some(Self { folder: folder.to_owned(), note, beat_at: head.len() as u64, beats: 0 })),
        }
    }

    /// The job.
    #[must_use]
    pub fn job(&self) -> u64 {
        self.note.job
    }

    /// The number of the claim among all claims of the job, from 1.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.note.generation
    }

    /// What the claim says.
    #[must_use]
    pub fn note(&self) -> &ClaimNote {
        &self.note
    }

    pub(crate) fn pulse(&self) -> Pulse {
        let (job, generation) = (self.note.job, self.note.generation);
        Pulse {
            path: Mark::Claim(generation).path(&self.folder, job),
            next: Mark::Claim(generation + 1).path(&self.folder, job),
            beat_at: self.beat_at,
            beats: self.beats,
        }
    }

    /// The file that says that this generation gave the job back.
    pub(crate) fn release(&self) -> Release {
        Release {
            path: Mark::Released(self.note.generation).path(&self.folder, self.note.job),
            nonce: self.note.owner.nonce().to_owned(),
        }
    }
}

/// The heartbeat of a claim.
#[derive(Debug)]
pub(crate) struct Pulse {
    path: PathBuf,
    next: PathBuf,
    beat_at: u64,
    beats: u64,
}

impl Pulse {
    /// Counts one beat in the file. The digits are overwritten in place, which needs no room on a full disk. A failure is
    /// ignored: if none succeeds, the claim is superseded.
    pub(crate) fn beat(&mut self) {
        self.beats += 1;
        let digits = format!("{:020}", self.beats);
        let written = || -> std::io::Result<()> {
            let mut file = OpenOptions::new().write(true).open(&self.path)?;
            file.seek(SeekFrom::Start(self.beat_at))?;
            file.write_all(digits.as_bytes())
        };
        let _ = written();
    }

    /// Whether another process has claimed the job after this one.
    pub(crate) fn is_superseded(&self) -> bool {
        self.next.exists()
    }
}

/// Gives a claim back. It can be called from another thread than the owner's.
#[derive(Clone, Debug)]
pub struct Release {
    path: PathBuf,
    nonce: String,
}

impl Release {
    /// Says that the job is not claimed any more. The next owner goes on from what is saved.
    ///
    /// # Errors
    /// Returns [`SweepError::System`] if the file cannot be created. The claim is then superseded after a while.
    pub fn release(&self) -> Result<(), SweepError> {
        create(&self.path, format!("{}\n", self.nonce).as_bytes(), &self.nonce).map(|_| ())
    }
}

/// The bytes of the claim of a job's generation; empty if they cannot be read.
pub(crate) fn content(folder: &Path, job: u64, generation: u64) -> Vec<u8> {
    fs::read(Mark::Claim(generation).path(folder, job)).unwrap_or_default()
}
