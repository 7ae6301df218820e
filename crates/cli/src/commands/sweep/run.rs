//! `cargo xtask sweep run`.

use super::super::on_a_worker;
use super::super::study::tell as tell_event;
use super::planned::Planned;
use crate::interruption::{self, Saving};
use crate::outcome::Outcome;
use crate::threads::{self, ALLOWED};
use anyhow::{Context, Result};
use clap::Args;
use minima_studies::sweep::{Ran, Worker};
use minima_sweep::{Claim, JobState, Search, Sign, Sweep, Watch, numbers};
use std::time::{Duration, Instant};

/// Claim jobs and run them, one after the other. A job that another process runs is left to it. A job whose process has ended, on this
/// host or, without a heartbeat for some minutes, on another, is taken over and goes on from its last saved state.
#[derive(Debug, Args)]
#[command(after_help = "Example: cargo xtask sweep run results/rates --jobs 10-19\n\
Example: seq 0 99 | parallel -j 8 cargo xtask sweep run results/rates --threads 1 --job {}")]
pub(super) struct RunJobs {
    #[command(flatten)]
    planned: Planned,
    #[command(flatten)]
    which: Which,
    /// Run failed jobs again
    #[arg(long)]
    retry: bool,
    /// Number of compute threads [default: one per core]
    #[arg(long, value_parser = clap::value_parser!(u16).range(ALLOWED))]
    threads: Option<u16>,
    /// Take a job over if its process has shown no sign of life for this long
    #[arg(long, value_name = "SECONDS", default_value_t = 180, value_parser = clap::value_parser!(u32).range(1..))]
    patience: u32,
    #[command(flatten)]
    saving: Saving,
}

/// The jobs to run.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// The number of a job, from 0
    #[arg(long, value_name = "NUMBER")]
    job: Option<u64>,
    /// Numbers and ranges of jobs, such as 3,10-19
    #[arg(long, value_name = "NUMBERS")]
    jobs: Option<String>,
    /// One job that waits
    #[arg(long)]
    next: bool,
    /// Jobs that wait, one after the other, until none does
    #[arg(long)]
    all: bool,
}

impl RunJobs {
    pub(super) fn run(self) -> Result<Outcome> {
        let plan = self.planned.plan()?;
        let sweep = Sweep::new(plan).with_patience(Duration::from_secs(self.patience.into()));
        let asked = match (&self.which.job, &self.which.jobs) {
            (Some(job), _) => numbers(&job.to_string(), sweep.plan().count())?,
            (None, Some(jobs)) => numbers(jobs, sweep.plan().count())?,
            (None, None) => Vec::new(),
        };
        threads::start(self.threads)?;
        let keeping = self.saving.keeping()?;
        let listener = |event: minima_studies::StudyEvent<'_>| tell_event(&event);
        let held = interruption::hold;
        on_a_worker(|| {
            let worker = Worker::new(&sweep, self.planned.path(), &keeping, &listener, &held)?;
            let mut runner = Runner {
                sweep: &sweep,
                worker,
                watch: Watch::new(sweep.patience()),
                start: Instant::now(),
                retry: self.retry,
                outcome: Outcome::Fine,
            };
            if self.which.next {
                runner.next()?;
            } else if self.which.all {
                runner.all()?;
            } else {
                for job in asked {
                    runner.job(job)?;
                }
            }
            Ok(runner.outcome)
        })
    }
}

struct Runner<'a> {
    sweep: &'a Sweep,
    worker: Worker<'a>,
    watch: Watch,
    start: Instant,
    retry: bool,
    outcome: Outcome,
}

impl Runner<'_> {
    /// Runs one job, unless it is done, has failed or is run by another process.
    fn job(&mut self, job: u64) -> Result<()> {
        loop {
            let state = self.sweep.state(job)?;
            let over = match state {
                JobState::Done => {
                    tell!("job {job}: is done");
                    return Ok(());
                }
                JobState::Failed { .. } if !self.retry => {
                    let why = self.sweep.end(job, state).map(|end| end.note).unwrap_or_default();
                    tell!("job {job}: has failed, --retry runs it again: {}", why.as_str().unwrap_or_default());
                    self.outcome = Outcome::Found;
                    return Ok(());
                }
                JobState::Failed { generation } | JobState::Waiting { generation } => generation,
                JobState::Claimed { generation } => match self.sign(job, generation) {
                    Sign::Stale => generation,
                    Sign::Alive => {
                        tell!("job {job}: runs {}", self.place(job, generation));
                        self.outcome = Outcome::Found;
                        return Ok(());
                    }
                    Sign::Unknown => {
                        self.pause();
                        continue;
                    }
                },
            };
            match self.sweep.claim(job, over)? {
                Some(claim) => return self.claimed(claim),
                None => self.pause(),
            }
        }
    }

    /// Runs one job that waits.
    fn next(&mut self) -> Result<()> {
        let sweep = self.sweep;
        let mut search = Search::new(sweep);
        match search.claim_next()? {
            Some(claim) => self.claimed(claim),
            None => {
                tell!("no job waits; {} are claimed by other processes", search.claimed().len());
                self.outcome = Outcome::Found;
                Ok(())
            }
        }
    }

    /// Runs jobs until none waits, and takes over those whose processes have ended.
    fn all(&mut self) -> Result<()> {
        let sweep = self.sweep;
        let mut search = Search::new(sweep);
        loop {
            while let Some(claim) = search.claim_next()? {
                self.claimed(claim)?;
            }
            let others = search.claimed().to_vec();
            let mut unknown = false;
            for &(job, generation) in &others {
                match self.sign(job, generation) {
                    Sign::Alive => {}
                    Sign::Unknown => unknown = true,
                    Sign::Stale => {
                        if let Some(claim) = sweep.claim(job, generation)? {
                            self.claimed(claim)?;
                        }
                    }
                }
            }
            if !unknown {
                if !others.is_empty() {
                    tell!("no job waits; {} run in other processes", others.len());
                }
                return Ok(());
            }
            self.pause();
        }
    }

    fn claimed(&mut self, claim: Claim) -> Result<()> {
        let (job, generation) = (claim.job(), claim.generation());
        let planned = match self.sweep.plan().job(job) {
            Ok(planned) => planned,
            Err(error) => {
                // The job is not the fault of this host, but others may have the whole plan.
                let _ = self.sweep.lease(claim, || ()).release().release();
                return Err(error.into());
            }
        };
        let again = if generation > 1 { format!(", claim {generation}") } else { String::new() };
        tell!("job {job}: {}{again}", planned.name);
        let ran = self.worker.run(&planned, claim);
        match ran.with_context(|| format!("job {job}, {}", planned.name))? {
            Ran::Done { seconds } => say!("job {job}: done in {seconds:.1} s"),
            Ran::Failed { why } => {
                say!("job {job}: failed: {why}");
                self.outcome = Outcome::Found;
            }
            Ran::Lost => {
                say!("job {job}: taken over by another process");
                self.outcome = Outcome::Found;
            }
        }
        Ok(())
    }

    fn sign(&mut self, job: u64, generation: u64) -> Sign {
        self.sweep.look(&mut self.watch, self.start, job, generation)
    }

    /// Where a claimed job runs.
    fn place(&self, job: u64, generation: u64) -> String {
        let note = self.sweep.note(job, generation).map(|(note, _)| note.owner);
        note.map_or_else(|| "elsewhere".to_owned(), |owner| format!("on {}, process {}", owner.host, owner.process))
    }

    /// Waits for a sign of life of other processes.
    fn pause(&self) {
        std::thread::sleep((self.sweep.patience() / 30).clamp(Duration::from_millis(20), Duration::from_secs(2)));
    }
}
