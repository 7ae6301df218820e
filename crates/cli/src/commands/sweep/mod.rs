//! `cargo xtask sweep`.

mod duration;
mod gather;
mod plan;
mod planned;
mod run;
mod slurm;
mod status;

use crate::outcome::Outcome;
use anyhow::Result;
use clap::{Args, Subcommand};

/// Plan many runs as jobs, run them on the hosts of a cluster, and gather the results.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
cargo xtask sweep plan --preset quick --seeds 1-20 --grid 'optimizers.adam.learning_rate=[0.001, 0.01]' --out results/rates\n  \
cargo xtask sweep slurm results/rates --time 01:00:00 | bash\n  \
cargo xtask sweep status results/rates\n  \
cargo xtask sweep gather results/rates")]
pub struct Sweep {
    #[command(subcommand)]
    step: Step,
}

/// The steps of a sweep.
#[derive(Debug, Subcommand)]
enum Step {
    /// Write the list of jobs of studies, or of a grid over keys of an experiment
    Plan(Box<plan::PlanSweep>),
    /// Claim jobs and run them
    Run(run::RunJobs),
    /// Show which jobs are done, claimed, failed and waiting
    Status(status::Status),
    /// Make the tables and reports from the jobs that are done
    Gather(gather::Gather),
    /// Print a script that submits the jobs to Slurm
    Slurm(slurm::Slurm),
}

impl Sweep {
    pub(crate) fn run(self) -> Result<Outcome> {
        match self.step {
            Step::Plan(step) => step.run(),
            Step::Run(step) => step.run(),
            Step::Status(step) => step.run(),
            Step::Gather(step) => step.run(),
            Step::Slurm(step) => step.run(),
        }
    }
}
