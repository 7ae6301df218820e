//! The plan of a sweep: `plan.json`, the list `jobs.jsonl`, and the places of its lines in `jobs.index`.

use crate::error::SweepError;
use crate::planned_job::PlannedJob;
use minima_store::bounded_file::read_at_most;
use minima_store::{Seal, sha256, write_atomically};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

const SEAL: Seal = Seal { kind: "the plan of a minima sweep", version: 1 };
/// The file of the plan. It is written last: a folder without it has no plan.
const PLAN: &str = "plan.json";
/// The list of jobs, one a line.
const JOBS: &str = "jobs.jsonl";
/// The places of the lines in the list. One job is read without the others.
const INDEX: &str = "jobs.index";
/// The number of bytes of a place: sixteen digits and a line break.
const PLACE: u64 = 17;
/// The largest list, in bytes.
const MOST_BYTES: u64 = 1 << 32;

/// The content of `plan.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    jobs: u64,
    jobs_bytes: u64,
    jobs_sha256: String,
    /// What the jobs have in common. The sweep does not look into it.
    settings: serde_json::Value,
}

/// The plan of a sweep, on disk.
#[derive(Clone, Debug)]
pub struct Plan {
    folder: PathBuf,
    header: Header,
}

impl Plan {
    /// Writes a plan into a folder. A folder that already has the same plan is not changed.
    ///
    /// `settings` is what all jobs have in common. The jobs are numbered in their order. Estimated costs may differ from the
    /// existing plan's.
    ///
    /// # Errors
    /// Returns [`SweepError::OtherPlan`] if the folder has another plan, [`SweepError::Empty`] or [`SweepError::Twice`] if the
    /// jobs are none or not distinct, and [`SweepError::Write`], [`SweepError::Seal`] or [`SweepError::Json`] if a file cannot
    /// be written.
    pub fn write(folder: &Path, settings: serde_json::Value, mut jobs: Vec<PlannedJob>) -> Result<Self, SweepError> {
        for (number, job) in (0..).zip(&mut jobs) {
            job.number = number;
        }
        distinct(&jobs)?;
        if folder.join(PLAN).exists() {
            let there = Self::open(folder)?;
            there.refuse_other(&settings, &jobs)?;
            return Ok(there);
        }
        let (mut list, mut index) = (String::new(), String::new());
        for job in &jobs {
            index.push_str(&format!("{:016}\n", list.len()));
            list.push_str(&job.to_line()?);
        }
        index.push_str(&format!("{:016}\n", list.len()));
        let header = Header {
            jobs: jobs.len() as u64,
            jobs_bytes: list.len() as u64,
            jobs_sha256: sha256(list.as_bytes()),
            settings,
        };
        write_atomically(&folder.join(JOBS), list.as_bytes())?;
        write_atomically(&folder.join(INDEX), index.as_bytes())?;
        SEAL.write(&folder.join(PLAN), &header)?;
        Ok(Self { folder: folder.to_owned(), header })
    }

    /// Opens the plan in a folder. Does not read the list of jobs.
    ///
    /// # Errors
    /// Returns [`SweepError::NoPlan`] if the folder has no plan, and [`SweepError::Seal`] if it cannot be read or was changed.
    pub fn open(folder: &Path) -> Result<Self, SweepError> {
        let header = SEAL.read(&folder.join(PLAN))?.ok_or_else(|| SweepError::NoPlan(folder.to_owned()))?;
        Ok(Self { folder: folder.to_owned(), header })
    }

    /// Whether a folder has a plan.
    #[must_use]
    pub fn is_in(folder: &Path) -> bool {
        folder.join(PLAN).exists()
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The number of jobs.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.header.jobs
    }

    /// What all jobs have in common.
    #[must_use]
    pub fn settings(&self) -> &serde_json::Value {
        &self.header.settings
    }

    /// The job of this number. Reads its line alone.
    ///
    /// # Errors
    /// Returns [`SweepError::Number`] if there is no such job, [`SweepError::Edited`] if its line was changed, and
    /// [`SweepError::System`] if a file cannot be read.
    pub fn job(&self, number: u64) -> Result<PlannedJob, SweepError> {
        if number >= self.header.jobs {
            return Err(SweepError::Number { number, count: self.header.jobs });
        }
        let (index, list) = (self.folder.join(INDEX), self.folder.join(JOBS));
        let places = part(&index, number * PLACE, 2 * PLACE)?;
        let places = String::from_utf8_lossy(&places);
        let place = |text: &str| text.parse::<u64>().ok();
        let mut lines = places.lines().map(place);
        let (Some(Some(from)), Some(Some(to))) = (lines.next(), lines.next()) else {
            let found = format!("{:?}", places.lines().next().unwrap_or_default());
            let expected = "two places of sixteen digits".to_owned();
            return Err(SweepError::Edited { path: index, line: Some(number + 1), found, expected });
        };
        if from > to || to > self.header.jobs_bytes {
            let (found, expected) = (format!("places {from} to {to}"), format!("at most {}", self.header.jobs_bytes));
            return Err(SweepError::Edited { path: index, line: Some(number + 1), found, expected });
        }
        PlannedJob::from_line(&part(&list, from, to - from)?, number, &list)
    }

    /// All jobs, in their order. Checks the whole list.
    ///
    /// # Errors
    /// Returns [`SweepError::Edited`] if the list was changed, and [`SweepError::System`] if it cannot be read.
    pub fn jobs(&self) -> Result<Vec<PlannedJob>, SweepError> {
        let path = self.folder.join(JOBS);
        let failed = |source| SweepError::System { path: path.clone(), step: "reading the list of jobs", source };
        let bytes = read_at_most(&path, MOST_BYTES).map_err(failed)?;
        let found = sha256(&bytes);
        if found == self.header.jobs_sha256 {
            let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            return (0..).zip(lines).map(|(number, line)| PlannedJob::from_line(line, number, &path)).collect();
        }
        // The first line that does not fit says more than the hash.
        let lines = bytes.split(|byte| *byte == b'\n').take(self.header.jobs as usize);
        for (number, line) in (0..).zip(lines) {
            PlannedJob::from_line(line, number, &path)?;
        }
        let expected = format!("SHA-256 {}", self.header.jobs_sha256);
        Err(SweepError::Edited { path, line: None, found: format!("SHA-256 {found}"), expected })
    }

    /// Returns an error unless the requested plan is this one. Costs are estimates, and may differ.
    fn refuse_other(&self, settings: &serde_json::Value, jobs: &[PlannedJob]) -> Result<(), SweepError> {
        let path = self.folder.join(PLAN);
        let other = |found: String, expected: String| SweepError::OtherPlan { path: path.clone(), found, expected };
        if self.header.jobs != jobs.len() as u64 {
            return Err(other(format!("{} jobs", self.header.jobs), format!("{} jobs", jobs.len())));
        }
        for (there, job) in self.jobs()?.iter().zip(jobs) {
            if (&there.hash, &there.name, &there.job) != (&job.hash, &job.name, &job.job) {
                let shown = |job: &PlannedJob| format!("job {}: {} {}", job.number, job.name, short(&job.hash));
                return Err(other(shown(there), shown(job)));
            }
        }
        if self.header.settings != *settings {
            return Err(other(self.header.settings.to_string(), settings.to_string()));
        }
        Ok(())
    }
}

/// The first twelve digits of a hash.
fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

fn distinct(jobs: &[PlannedJob]) -> Result<(), SweepError> {
    if jobs.is_empty() {
        return Err(SweepError::Empty);
    }
    let mut seen = HashMap::new();
    for job in jobs {
        if let Some(first) = seen.insert(job.name.as_str(), job.number) {
            return Err(SweepError::Twice { first, second: job.number, name: job.name.clone() });
        }
    }
    Ok(())
}

/// A part of a file; shorter at the file's end.
fn part(path: &Path, from: u64, length: u64) -> Result<Vec<u8>, SweepError> {
    let read = || {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.take(length).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|source: std::io::Error| match source.kind() {
        ErrorKind::NotFound => SweepError::Edited {
            path: path.to_owned(),
            line: None,
            found: "no file".to_owned(),
            expected: "the file that was written with the plan".to_owned(),
        },
        _ => SweepError::System { path: path.to_owned(), step: "reading a job", source },
    })
}
