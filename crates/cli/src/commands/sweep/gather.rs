//! `cargo xtask sweep gather`.

use super::super::study::tell as tell_event;
use super::planned::Planned;
use crate::outcome::Outcome;
use crate::reference;
use crate::threads::{self, ALLOWED};
use anyhow::Result;
use clap::Args;
use minima_paper::PAPER;
use minima_report::Reference;
use minima_report::results::Results;
use minima_report::write_reports;
use minima_store::ResultsFolder;
use minima_studies::sweep::{Content, Settings, gather};
use minima_sweep::{JobState, Sweep};

/// Make the tables and reports from the jobs that are done, and say which are missing. May be repeated at any time: the same jobs give
/// the same bytes.
#[derive(Debug, Args)]
pub(super) struct Gather {
    #[command(flatten)]
    planned: Planned,
    /// Number of concurrent measurements of studies [default: one per core]
    #[arg(long, value_parser = clap::value_parser!(u16).range(ALLOWED))]
    threads: Option<u16>,
}

/// The largest number of jobs of a list.
const SHOWN: usize = 20;

impl Gather {
    pub(super) fn run(self) -> Result<Outcome> {
        let (sweep, path) = (Sweep::new(self.planned.plan()?), self.planned.path());
        let threads = self.threads.map_or_else(threads::cores, usize::from);
        threads::check(threads, "--threads")?;
        let folder = ResultsFolder::claim(path)?;
        let gathered = gather(&sweep, &folder, PAPER.claims(), threads, &|event| tell_event(&event))?;
        let is_grid = matches!(Settings::read(sweep.plan().settings())?.content, Content::Grid(_));
        let written = if is_grid {
            "tables"
        } else {
            let results = Results::read(path)?;
            write_reports(path, &results, reference::of(&results))?;
            "report.html, report.md, studies"
        };
        for (job, why) in gathered.failed.iter().take(SHOWN) {
            tell!("job {}, {}: failed: {why}", job.number, job.name);
        }
        let missing = gathered.missing.len();
        for (job, state) in gathered.missing.iter().take(SHOWN) {
            let is = if matches!(state, JobState::Claimed { .. }) { "claimed" } else { "waiting" };
            tell!("job {}, {}: missing, {is}", job.number, job.name);
        }
        if missing > SHOWN {
            tell!("and {} more are missing", missing - SHOWN);
        }
        say!(
            "{} of {} jobs are done, {} failed, {missing} are missing. Written to {}: {written}",
            gathered.done.len(),
            sweep.plan().count(),
            gathered.failed.len(),
            path.display()
        );
        Ok(if missing + gathered.failed.len() == 0 { Outcome::Fine } else { Outcome::Found })
    }
}
