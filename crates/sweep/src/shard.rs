//! What the files of a group of jobs say.

use crate::error::SweepError;
use crate::layout::{self, Mark, SHARD};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// The state of a job. Generations count the claims of a job, from 1; 0 is before the first claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// No process works on it.
    Waiting {
        /// The last generation, whose owner gave it back.
        generation: u64,
    },
    /// A process has claimed it. Whether the process still works on it is seen by its heartbeat alone.
    Claimed {
        /// The generation of the claim.
        generation: u64,
    },
    /// It failed, and would fail again.
    Failed {
        /// The generation that failed.
        generation: u64,
    },
    /// It is done.
    Done,
}

/// The highest generation of each mark of a job.
#[derive(Clone, Copy, Default)]
struct Marks {
    claim: u64,
    released: u64,
    failed: u64,
    done: bool,
}

impl Marks {
    fn add(&mut self, mark: Mark) {
        match mark {
            Mark::Claim(generation) => self.claim = self.claim.max(generation),
            Mark::Released(generation) => self.released = self.released.max(generation),
            Mark::Failed(generation) => self.failed = self.failed.max(generation),
            Mark::Done => self.done = true,
        }
    }

    fn state(self) -> JobState {
        // A folder may be listed while a file is created: a mark may be seen before its claim.
        let generation = self.claim.max(self.released).max(self.failed);
        match self {
            Self { done: true, .. } => JobState::Done,
            Self { failed, .. } if failed > 0 && failed == generation => JobState::Failed { generation },
            Self { released, .. } if released == generation => JobState::Waiting { generation },
            _ => JobState::Claimed { generation },
        }
    }
}

/// The states of the jobs of a group, in their order. Lists one folder.
///
/// # Errors
/// Returns [`SweepError::System`] if the folder exists and cannot be read.
pub(crate) fn states(folder: &Path, shard: u64, jobs: u64) -> Result<Vec<(u64, JobState)>, SweepError> {
    let first = shard.saturating_mul(SHARD);
    let count = SHARD.min(jobs.saturating_sub(first));
    let mut marks = vec![Marks::default(); count as usize];
    let path = layout::claims(folder, shard);
    let failed = |source| SweepError::System { path: path.clone(), step: "listing the claims", source };
    match fs::read_dir(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
        Ok(entries) => {
            for entry in entries {
                let name = entry.map_err(failed)?.file_name();
                let Some((job, mark)) = Mark::parse(&name.to_string_lossy()) else { continue };
                let place = job.checked_sub(first).and_then(|place| usize::try_from(place).ok());
                if let Some(marks) = place.and_then(|place| marks.get_mut(place)) {
                    marks.add(mark);
                }
            }
        }
    }
    Ok((first..).zip(marks).map(|(job, marks)| (job, marks.state())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_generation_counts() {
        let state = |marks: &[Mark]| {
            let mut all = Marks::default();
            marks.iter().for_each(|mark| all.add(*mark));
            all.state()
        };
        use Mark::{Claim, Done, Failed, Released};
        assert_eq!(state(&[]), JobState::Waiting { generation: 0 });
        assert_eq!(state(&[Claim(1)]), JobState::Claimed { generation: 1 });
        assert_eq!(state(&[Claim(1), Released(1)]), JobState::Waiting { generation: 1 });
        assert_eq!(state(&[Claim(1), Released(1), Claim(2)]), JobState::Claimed { generation: 2 });
        assert_eq!(state(&[Claim(1), Failed(1)]), JobState::Failed { generation: 1 });
        assert_eq!(state(&[Claim(2), Failed(1), Claim(1)]), JobState::Claimed { generation: 2 });
        assert_eq!(state(&[Claim(2), Failed(1), Claim(1), Done]), JobState::Done);
        assert_eq!(state(&[Released(1)]), JobState::Waiting { generation: 1 });
    }
}
