//! Where the files of a sweep are.
//!
//! Jobs are kept in groups of [`SHARD`], one folder each, so that no folder grows with the sweep.
//!
//! ```text
//! claims/0001/130.claim-1      job 130 is claimed for the first time
//! claims/0001/130.released-1   its first owner gave it back
//! claims/0001/130.claim-2      a second process claimed it
//! claims/0001/130.failed-2     it failed, and would fail again
//! claims/0001/130.done         it is done
//! claims/ended/0001            all jobs of this group are done
//! work/0001/130-2/             what the second owner has computed so far
//! ```

use std::path::{Path, PathBuf};

/// The number of jobs in a folder.
pub(crate) const SHARD: u64 = 128;
const CLAIMS: &str = "claims";
const ENDED: &str = "ended";
const WORK: &str = "work";

/// The group of a job.
pub(crate) fn shard_of(job: u64) -> u64 {
    job / SHARD
}

/// The number of groups of a plan.
pub(crate) fn shards(jobs: u64) -> u64 {
    jobs.div_ceil(SHARD)
}

/// The name of a group's folders.
#[must_use]
pub fn shard_name(job: u64) -> String {
    number_name(shard_of(job))
}

fn number_name(shard: u64) -> String {
    format!("{shard:04}")
}

/// The folder of a group's claims.
pub(crate) fn claims(folder: &Path, shard: u64) -> PathBuf {
    folder.join(CLAIMS).join(number_name(shard))
}

/// The folder that names the groups of which all jobs are done.
pub(crate) fn ended(folder: &Path) -> PathBuf {
    folder.join(CLAIMS).join(ENDED)
}

/// The file that says that all jobs of a group are done.
pub(crate) fn ended_mark(folder: &Path, shard: u64) -> PathBuf {
    ended(folder).join(number_name(shard))
}

/// The folder of what a generation of a job has computed so far.
pub(crate) fn work(folder: &Path, job: u64, generation: u64) -> PathBuf {
    folder.join(WORK).join(shard_name(job)).join(format!("{job}-{generation}"))
}

/// What a file in a group's folder says about its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Claim(u64),
    Released(u64),
    Failed(u64),
    Done,
}

impl Mark {
    /// The path of the mark of a job.
    pub(crate) fn path(self, folder: &Path, job: u64) -> PathBuf {
        let name = match self {
            Self::Claim(generation) => format!("{job}.claim-{generation}"),
            Self::Released(generation) => format!("{job}.released-{generation}"),
            Self::Failed(generation) => format!("{job}.failed-{generation}"),
            Self::Done => format!("{job}.done"),
        };
        claims(folder, shard_of(job)).join(name)
    }

    /// The job and the mark of a file's name; `None` for any other file.
    pub(crate) fn parse(name: &str) -> Option<(u64, Self)> {
        let (job, mark) = name.split_once('.')?;
        let job = job.parse().ok()?;
        if mark == "done" {
            return Some((job, Self::Done));
        }
        let (kind, generation) = mark.split_once('-')?;
        let generation = generation.parse().ok()?;
        let mark = match kind {
            "claim" => Self::Claim(generation),
            "released" => Self::Released(generation),
            "failed" => Self::Failed(generation),
            _ => return None,
        };
        Some((job, mark))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_marks_are_read_back() {
        let folder = Path::new("sweep");
        for mark in [Mark::Claim(1), Mark::Released(12), Mark::Failed(3), Mark::Done] {
            let path = mark.path(folder, 130);
            assert_eq!(path.parent(), Some(Path::new("sweep/claims/0001")));
            assert_eq!(Mark::parse(path.file_name().unwrap().to_str().unwrap()), Some((130, mark)));
        }
        for other in [".130.claim-1.abc-1.tmp", "130", "x.done", "130.claim-", "130.claim-x", "130.else-1", "0001"] {
            assert_eq!(Mark::parse(other), None, "{other}");
        }
    }
}
