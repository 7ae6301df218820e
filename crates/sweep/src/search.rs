//! The search for a job that waits.
//!
//! Two hundred processes may search among a hundred thousand jobs. Each begins at another group, lists one folder for each
//! [`Sweep::JOBS_A_FOLDER`] jobs, and claims the jobs that it saw there before it lists again. Groups that are done are not listed at
//! all.

use crate::claim::Claim;
use crate::error::SweepError;
use crate::shard::JobState;
use crate::sweep::Sweep;
use std::collections::HashSet;

/// A search for jobs that wait.
pub struct Search<'s> {
    sweep: &'s Sweep,
    /// The group to list next.
    shard: u64,
    /// The groups of which all jobs are done.
    ended: HashSet<u64>,
    /// The jobs that were seen waiting in the group listed last, each with its last generation. Others may have claimed them.
    waiting: Vec<(u64, u64)>,
    /// The jobs of others that were seen since the last claim, each with its generation.
    claimed: Vec<(u64, u64)>,
}

impl<'s> Search<'s> {
    /// A search that begins at a group of this process's own.
    #[must_use]
    pub fn new(sweep: &'s Sweep) -> Self {
        let ended = sweep.ended().into_iter().collect();
        let shard = sweep.own_number() % sweep.shards().max(1);
        Self { sweep, shard, ended, waiting: Vec::new(), claimed: Vec::new() }
    }

    /// Claims a job that waits; `None` if every job is done, has failed or is claimed by others.
    ///
    /// # Errors
    /// Returns [`SweepError::System`] if a folder cannot be read or a claim cannot be written.
    pub fn claim_next(&mut self) -> Result<Option<Claim>, SweepError> {
        self.claimed.clear();
        let shards = self.sweep.shards();
        let mut listed = 0;
        loop {
            // The jobs seen before may be stale: after them, every group is listed once.
            while let Some((job, generation)) = self.waiting.pop() {
                if let Some(claim) = self.sweep.claim(job, generation)? {
                    return Ok(Some(claim));
                }
            }
            if listed + self.ended.len() as u64 >= shards {
                return Ok(None);
            }
            while self.ended.contains(&self.shard) {
                self.shard = (self.shard + 1) % shards.max(1);
            }
            self.list()?;
            // A group whose jobs are all done is not counted again.
            listed += u64::from(!self.ended.contains(&self.shard));
            self.shard = (self.shard + 1) % shards.max(1);
        }
    }

    /// The jobs that others had claimed when the last call of [`claim_next`](Self::claim_next) found none that waits, each with
    /// its generation.
    #[must_use]
    pub fn claimed(&self) -> &[(u64, u64)] {
        &self.claimed
    }

    /// Lists the current group.
    fn list(&mut self) -> Result<(), SweepError> {
        let states = self.sweep.states(self.shard)?;
        if states.iter().all(|(_, state)| *state == JobState::Done) {
            self.ended.insert(self.shard);
            self.sweep.mark_ended(self.shard);
            return Ok(());
        }
        for (job, state) in &states {
            match state {
                JobState::Waiting { generation } => self.waiting.push((*job, *generation)),
                JobState::Claimed { generation } if !self.claimed.iter().any(|(other, _)| other == job) => {
                    self.claimed.push((*job, *generation));
                }
                _ => {}
            }
        }
        // Processes that search the same group begin at different jobs. The last one is claimed first.
        let count = self.waiting.len().max(1);
        self.waiting.reverse();
        self.waiting.rotate_left((self.sweep.own_number() / self.sweep.shards().max(1)) as usize % count);
        Ok(())
    }
}
