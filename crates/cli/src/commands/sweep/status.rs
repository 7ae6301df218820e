//! `cargo xtask sweep status`.

use super::duration::duration;
use super::planned::Planned;
use crate::outcome::Outcome;
use anyhow::Result;
use clap::Args;
use minima_rows::Table;
use minima_sweep::{JobState, PlannedJob, Sweep};

/// Show which jobs are done, claimed, failed and waiting, and the time left. A claimed job of another host may have lost its process:
/// `sweep run` finds out and takes it over.
#[derive(Debug, Args)]
pub(super) struct Status {
    #[command(flatten)]
    planned: Planned,
}

/// The number of jobs that are done whose times are compared with their estimates.
const SAMPLE: usize = 100;
/// The largest number of jobs of a table.
const SHOWN: usize = 40;

impl Status {
    pub(super) fn run(self) -> Result<Outcome> {
        let sweep = Sweep::new(self.planned.plan()?);
        let jobs = sweep.plan().jobs()?;
        let states = sweep.all_states()?;
        let of = |wanted: fn(&JobState) -> bool| -> Vec<(&PlannedJob, JobState)> {
            let all = jobs.iter().zip(&states).map(|(job, (_, state))| (job, *state));
            all.filter(|(_, state)| wanted(state)).collect()
        };
        let done = of(|state| *state == JobState::Done);
        let claimed = of(|state| matches!(state, JobState::Claimed { .. }));
        let failed = of(|state| matches!(state, JobState::Failed { .. }));
        let waiting = of(|state| matches!(state, JobState::Waiting { .. }));
        let mut counts = Table::new(&["jobs", "number"]);
        for (name, number) in
            [("done", done.len()), ("claimed", claimed.len()), ("failed", failed.len()), ("waiting", waiting.len())]
        {
            counts.rows.push(vec![name.to_owned(), number.to_string()]);
        }
        say!("{}", counts.to_text());
        if !claimed.is_empty() {
            let mut table = Table::new(&["claimed job", "number", "host", "process", "claim", "heartbeats"]);
            for (job, state) in claimed.iter().take(SHOWN) {
                let JobState::Claimed { generation } = *state else { continue };
                let note = sweep.note(job.number, generation);
                let (host, process, beats) = match &note {
                    Some((note, _)) if sweep.has_ended(note) => {
                        (note.owner.host.clone(), format!("{} (ended)", note.owner.process), String::new())
                    }
                    Some((note, beats)) => (note.owner.host.clone(), note.owner.process.to_string(), beats.to_string()),
                    None => Default::default(),
                };
                let (number, generation) = (job.number.to_string(), generation.to_string());
                table.rows.push(vec![job.name.clone(), number, host, process, generation, beats]);
            }
            say!("{}", table.to_text());
            more(claimed.len());
        }
        for (job, state) in failed.iter().take(SHOWN) {
            let why = sweep.end(job.number, *state).map(|end| end.note).unwrap_or_default();
            say!("job {}, {}: failed: {}", job.number, job.name, why.as_str().unwrap_or("an unknown error"));
        }
        more(failed.len());
        let left: f64 = claimed.iter().chain(&waiting).map(|(job, _)| job.cost_seconds).sum();
        if left > 0.0 {
            let processes = claimed.len().max(1);
            say!(
                "About {} left for {processes} process{} at a time",
                duration(left * scale(&sweep, &done) / processes as f64),
                if processes == 1 { "" } else { "es" }
            );
        }
        Ok(if failed.is_empty() { Outcome::Fine } else { Outcome::Found })
    }
}

/// Says how many jobs a table leaves out.
fn more(count: usize) {
    if count > SHOWN {
        say!("and {} more", count - SHOWN);
    }
}

/// The measured time of the jobs that are done, in units of their estimates.
fn scale(sweep: &Sweep, done: &[(&PlannedJob, JobState)]) -> f64 {
    let step = (done.len() / SAMPLE).max(1);
    let (mut measured, mut estimated) = (0.0, 0.0);
    for (job, state) in done.iter().step_by(step) {
        let end = sweep.end(job.number, *state);
        if let Some(seconds) = end.and_then(|end| end.note.get("seconds")?.as_f64()) {
            measured += seconds;
            estimated += job.cost_seconds;
        }
    }
    if measured > 0.0 && estimated > 0.0 { measured / estimated } else { 1.0 }
}
