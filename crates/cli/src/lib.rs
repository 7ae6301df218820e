//! The commands of minima, as a library: each parses its flags, calls the crates below and prints.
//!
//! ```
//! use clap::Parser;
//! use minima_cli::Command;
//!
//! #[derive(Parser)]
//! struct Arguments {
//!     #[command(subcommand)]
//!     command: Command,
//! }
//!
//! let arguments = Arguments::try_parse_from(["minima", "report", "results/paper"])?;
//! assert!(matches!(arguments.command, Command::Report(_)));
//! # Ok::<(), clap::Error>(())
//! ```
//!
//! A program with attacks, networks and optimizers of its own has every command too: [`main_with`].

#[macro_use]
pub mod output;
mod adversarial_file;
mod attack_results;
mod attack_run;
pub mod check;
mod checkpoints;
mod commands;
mod data_options;
mod error;
mod evaluation;
mod interruption;
mod manifest;
mod outcome;
mod program;
mod progress;
mod reference;
mod reproduce;
mod threads;
mod train_run;
mod tuning;

pub use error::CommandError;
pub use minima_config::attack_catalogue::Options;
pub use minima_config::registry::{NumericOption, OwnAttack, OwnNetwork, OwnOptimizer, Registry, RegistryError};
pub use outcome::Outcome;
pub use program::main_with;

use clap::{Parser, Subcommand};
use minima_runs::RunError;
use minima_studies::StudyError;
use std::process::ExitCode;

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
    /// Attack and measure one checkpoint
    Evaluate(commands::evaluate::Evaluate),
    /// Attack a checkpoint, or measure how adversarial images transfer to other checkpoints
    Attack(commands::attack::Attack),
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

/// The exit code of a command that failed.
const FAILED: u8 = 2;

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
            Self::Evaluate(command) => command.run(),
            Self::Attack(command) => command.run(),
            Self::Check(command) => command.run(),
            Self::Compare(command) => command.run(),
            Self::Bench(command) => command.run(),
            Self::Network(command) => command.run(),
            Self::Data(command) => command.run(),
        }
    }
}

/// Parses the command line, runs the command, prints its error, and returns the exit code: 0 for success, 1 if a check or a run
/// within the command failed, 2 for an error, and 130 if the command was stopped.
pub fn main<A: Parser>(run: impl FnOnce(A) -> anyhow::Result<Outcome>) -> ExitCode {
    run_parsed(A::command(), run)
}

/// [`main`] with this form of the command line.
fn run_parsed<A: Parser>(form: clap::Command, run: impl FnOnce(A) -> anyhow::Result<Outcome>) -> ExitCode {
    interruption::PROGRAM.get_or_init(|| form.get_name().to_owned());
    let arguments = form.try_get_matches().and_then(|mut matches| A::from_arg_matches_mut(&mut matches));
    let code = match arguments {
        Ok(arguments) => code_of(run(arguments)),
        Err(error) => refuse(&error),
    };
    match output::lost() {
        // Printed results are lost. A stopped command prints no results.
        Some(what) if code != interruption::STOPPED => {
            tell!("error: {what}");
            ExitCode::from(FAILED)
        }
        _ => ExitCode::from(code),
    }
}

fn code_of(outcome: anyhow::Result<Outcome>) -> u8 {
    match outcome {
        Ok(Outcome::Fine) => 0,
        Ok(Outcome::Found) => 1,
        Err(error) if is_interruption(&error) => {
            tell!("{error}; resume with: {}", interruption::this_command());
            interruption::STOPPED
        }
        Err(error) => {
            tell!("error: {}", in_one_line(&error));
            FAILED
        }
    }
}

/// Whether the command was stopped by a stop request.
fn is_interruption(error: &anyhow::Error) -> bool {
    let of_command = error.downcast_ref().and_then(|error| match error {
        CommandError::Run(error) => Some(error),
        _ => None,
    });
    let of_study = error.downcast_ref().and_then(|error| match error {
        StudyError::Run(error) => Some(error),
        _ => None,
    });
    let run: Option<&RunError> = error.downcast_ref().or(of_command).or(of_study);
    matches!(run, Some(RunError::Interrupted { .. }))
}

/// Formats an error and its causes in one line. A cause whose text is already included is skipped.
fn in_one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain() {
        let cause = cause.to_string().lines().map(str::trim).collect::<Vec<_>>().join(" ");
        if !line.contains(&cause) {
            line.push_str(if line.is_empty() { "" } else { ": " });
            line.push_str(&cause);
        }
    }
    line
}

/// Prints help as it is and any other parse error in one line.
fn refuse(error: &clap::Error) -> u8 {
    if !error.use_stderr() {
        output::wrote_output(error.print());
        return 0;
    }
    let text = error.to_string();
    let words: Vec<&str> = text
        .split("\n\nUsage:")
        .next()
        .and_then(|t| t.split("\n\nFor more").next())
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    tell!("{} (see --help)", words.join(" "));
    FAILED
}
