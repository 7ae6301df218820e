//! A sweep: a plan, and the claims of its jobs, as one process sees them.

use crate::claim::{Claim, ClaimNote, content};
use crate::error::SweepError;
use crate::layout::{self, Mark, SHARD};
use crate::lease::Lease;
use crate::owner::Owner;
use crate::plan::Plan;
use crate::shard::{self, JobState};
use crate::watch::{Sign, Watch};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// The default time between heartbeats.
pub const BEAT: Duration = Duration::from_secs(15);
/// The default time after which a claim without heartbeats is superseded.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// A plan, and the claims of its jobs.
#[derive(Clone, Debug)]
pub struct Sweep {
    plan: Plan,
    owner: Owner,
    beat: Duration,
    patience: Duration,
}

impl Sweep {
    /// The sweep of a plan, worked on by this process.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self { plan, owner: Owner::here(), beat: BEAT, patience: PATIENCE }
    }

    /// The same sweep, worked on by this owner.
    #[must_use]
    pub fn owned_by(self, owner: Owner) -> Self {
        Self { owner, ..self }
    }

    /// The same sweep with this patience. The claims of this process have a heartbeat twelve times in this time, and at most
    /// every [`BEAT`].
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, beat: BEAT.min(patience / 12), ..self }
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The time after which a claim without heartbeats is superseded.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// The state of a job. Lists the folder of its group.
    ///
    /// # Errors
    /// Returns [`SweepError::Number`] if there is no such job, and [`SweepError::System`] if the folder cannot be read.
    pub fn state(&self, job: u64) -> Result<JobState, SweepError> {
        let states = self.states(layout::shard_of(job))?;
        let found = states.iter().find(|(number, _)| *number == job).map(|(_, state)| *state);
        found.ok_or(SweepError::Number { number: job, count: self.plan.count() })
    }

    /// The states of all jobs, in their order. Lists one folder for each [`JOBS_A_FOLDER`](Self::JOBS_A_FOLDER) jobs.
    ///
    /// # Errors
    /// Returns [`SweepError::System`] if a folder cannot be read.
    pub fn all_states(&self) -> Result<Vec<(u64, JobState)>, SweepError> {
        let mut all = Vec::new();
        for shard in 0..layout::shards(self.plan.count()) {
            all.extend(self.states(shard)?);
        }
        Ok(all)
    }

    pub(crate) fn states(&self, shard: u64) -> Result<Vec<(u64, JobState)>, SweepError> {
        shard::states(self.plan.folder(), shard, self.plan.count())
    }

    /// Claims a job after its generation `over`. Returns `None` if another process has claimed it, or the job is done.
    ///
    /// # Errors
    /// Returns [`SweepError::System`] if the claim cannot be written.
    pub fn claim(&self, job: u64, over: u64) -> Result<Option<Claim>, SweepError> {
        Claim::new(self.plan.folder(), job, over, &self.owner, self.beat)
    }

    /// Starts the heartbeat of a claim. `on_loss` is called, from another thread, if another process supersedes the claim.
    #[must_use]
    pub fn lease(&self, claim: Claim, on_loss: impl FnOnce() + Send + 'static) -> Lease {
        Lease::new(self.plan.folder(), claim, on_loss)
    }

    /// What the claim of a generation says, and the number of its heartbeats. `None` if it cannot be read.
    #[must_use]
    pub fn note(&self, job: u64, generation: u64) -> Option<(ClaimNote, u64)> {
        ClaimNote::parse(&content(self.plan.folder(), job, generation))
    }

    /// Whether the owner of a claim is a process of this host that has ended.
    #[must_use]
    pub fn has_ended(&self, note: &ClaimNote) -> bool {
        note.owner.has_ended(&self.owner)
    }

    /// Looks at a claim, and says what is known of its owner. `start` is when `watch` was made.
    pub fn look(&self, watch: &mut Watch, start: Instant, job: u64, generation: u64) -> Sign {
        let content = content(self.plan.folder(), job, generation);
        let ended = ClaimNote::parse(&content).is_some_and(|(note, _)| self.has_ended(&note));
        if ended { Sign::Stale } else { watch.observe(job, generation, content, start.elapsed()) }
    }

    /// The text of the end of a job: the note of [`Lease::done`], or the reason of [`Lease::failed`]. `None` if it cannot be
    /// read.
    #[must_use]
    pub fn end(&self, job: u64, state: JobState) -> Option<JobEnd> {
        let mark = match state {
            JobState::Done => Mark::Done,
            JobState::Failed { generation } => Mark::Failed(generation),
            _ => return None,
        };
        serde_json::from_slice(&fs::read(mark.path(self.plan.folder(), job)).ok()?).ok()
    }

    /// Says that all jobs of a group are done, so that nobody lists its folder again.
    pub(crate) fn mark_ended(&self, shard: u64) {
        let mark = layout::ended_mark(self.plan.folder(), shard);
        // Without it, others list the folder.
        let _ = mark.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&mark, ""));
    }

    /// The groups of which all jobs are done.
    pub(crate) fn ended(&self) -> Vec<u64> {
        let entries = fs::read_dir(layout::ended(self.plan.folder()));
        let number = |name: std::ffi::OsString| name.to_string_lossy().parse().ok();
        entries.into_iter().flatten().flatten().filter_map(|entry| number(entry.file_name())).collect()
    }

    /// The number of groups.
    pub(crate) fn shards(&self) -> u64 {
        layout::shards(self.plan.count())
    }

    /// A number of this process that differs between processes.
    pub(crate) fn own_number(&self) -> u64 {
        u64::from_str_radix(self.owner.nonce(), 16).unwrap_or_default()
    }

    /// The number of jobs whose files share a folder.
    pub const JOBS_A_FOLDER: u64 = SHARD;
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
pub struct JobEnd {
    /// The host that ended it.
    pub host: String,
    /// The process that ended it.
    pub process: u32,
    /// The generation that ended it.
    pub generation: u64,
    /// The note of [`Lease::done`], or the reason of [`Lease::failed`].
    pub note: serde_json::Value,
}

/// The folder of a sweep within a results folder.
#[must_use]
pub fn sweep_folder(results: &Path) -> std::path::PathBuf {
    results.join("sweep")
}
