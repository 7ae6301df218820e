//! All commands.

use crate::commands;
use crate::outcome::Outcome;
use clap::Subcommand;

/// A command of minima.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train, attack and measure every model of an experiment
    Reproduce(commands::reproduce::Reproduce),
    /// Write the reports of a results folder again from its CSV files
    Report(commands::report::Report),
    /// Train one model and save it
    Train(commands::train::Train),
    /// Search hyperparameters of each optimizer on held-out training images
    Tune(commands::tune::Tune),
    /// Run a study: many experiments that differ in one setting, such as the seed
    Study(commands::study::Study),
    /// Plan many runs as jobs, run them on the hosts of a cluster, and gather the results
    Sweep(commands::sweep::Sweep),
    /// Attack and measure one checkpoint
    Evaluate(commands::evaluate::Evaluate),
    /// Attack a checkpoint, or measure how adversarial images transfer to other checkpoints
    Attack(commands::attack::Attack),
    /// Say of each image and radius whether it is broken, proved or undecided
    Certify(commands::certify::Certify),
    /// Train each optimizer for a few hundred steps and compare with recorded values
    Check(commands::check::Check),
    /// Compare two results folders and show what differs by more than noise
    Compare(commands::compare::Compare),
    /// Time the network, the optimizers and the attacks on this device
    Bench(commands::bench::Bench),
    /// List the networks of the zoo, or show a network's layers and costs
    Network(commands::network::Network),
    /// List or download data sets
    Data(commands::data::Data),
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Returns the command's error with context.
    pub fn run(self) -> anyhow::Result<Outcome> {
        match self {
            Self::Reproduce(command) => command.run(),
            Self::Report(command) => command.run(),
            Self::Train(command) => command.run(),
            Self::Tune(command) => command.run(),
            Self::Study(command) => command.run(),
            Self::Sweep(command) => command.run(),
            Self::Evaluate(command) => command.run(),
            Self::Attack(command) => command.run(),
            Self::Certify(command) => command.run(),
            Self::Check(command) => command.run(),
            Self::Compare(command) => command.run(),
            Self::Bench(command) => command.run(),
            Self::Network(command) => command.run(),
            Self::Data(command) => command.run(),
        }
    }
}
