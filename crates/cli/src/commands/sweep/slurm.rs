//! `cargo xtask sweep slurm`.

use super::planned::Planned;
use crate::outcome::Outcome;
use anyhow::{Context, Result};
use clap::Args;
use minima_sweep::SlurmScript;
use std::path::PathBuf;

/// Print a script that submits the jobs to Slurm: an array of tasks, which are requeued when they are told to stop, and a task that
/// gathers the results. Pipe it to `bash`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: cargo xtask sweep slurm results/rates --partition cpu --time 01:00:00 --cpus 4 | bash"
)]
pub(super) struct Slurm {
    #[command(flatten)]
    planned: Planned,
    /// The partition
    #[arg(long, value_name = "NAME")]
    partition: Option<String>,
    /// The time limit of a task, such as 01:30:00; a task that reaches it is requeued and goes on
    #[arg(long, value_name = "TIME")]
    time: Option<String>,
    /// Cores of a task
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=4096))]
    cpus: u16,
    /// GPUs of a task
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    gpus: u16,
    /// The largest number of tasks of the array, at most the cluster's MaxArraySize; a task of a longer plan runs several jobs
    #[arg(long, value_name = "NUMBER", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    array_limit: u64,
    /// The largest number of tasks that run at a time [default: as many as the cluster takes]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    at_a_time: Option<u64>,
    /// Seconds before the time limit at which a task saves its state and asks for a requeue
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=65535))]
    signal: u32,
    /// A further option of sbatch, such as --account=physics; may be repeated
    #[arg(long = "sbatch", value_name = "OPTION", allow_hyphen_values = true)]
    options: Vec<String>,
    /// The program on the nodes [default: this one]
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

impl Slurm {
    pub(super) fn run(self) -> Result<Outcome> {
        let plan = self.planned.plan()?;
        let program = match self.program {
            Some(program) => program,
            None => std::env::current_exe().context("cannot find this program; expected --program")?,
        };
        let results = self.planned.path().canonicalize().context("the results folder")?;
        let script = SlurmScript {
            program: program.display().to_string(),
            results: results.display().to_string(),
            jobs: plan.count(),
            tasks: self.array_limit,
            at_a_time: self.at_a_time,
            partition: self.partition,
            time: self.time,
            cpus: self.cpus,
            gpus: self.gpus,
            signal_seconds: self.signal,
            options: self.options,
        };
        say!("{}", script.text().trim_end());
        Ok(Outcome::Fine)
    }
}
