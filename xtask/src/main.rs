//! The commands of minima: `cargo xtask --help` lists them.

#[macro_use]
mod output;
mod commands;
mod interruption;
mod progress;
mod threads;

use clap::{Parser, Subcommand};
use minima_experiment::ExperimentError;
use std::process::ExitCode;

/// Which minimum does an optimizer find, and how robust is it?
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", version, max_term_width = 120)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train, attack and measure every model of an experiment, and write its tables, figures and report
    Reproduce(commands::reproduce::Reproduce),
    /// Make the reports of a folder of results again, from its CSV files alone
    Report(commands::report::Report),
    /// Train one model and save it
    Train(commands::train::Train),
    /// Search learning rate, damping and SAM's radius of each optimizer on training images that are held out
    Tune(commands::tune::Tune),
    /// Run many experiments that differ in one thing: seeds, poison, …
    Study(commands::study::Study),
    /// Attack and measure one checkpoint
    Evaluate(commands::evaluate::Evaluate),
    /// Attack a checkpoint, from FGSM to AutoAttack, or show the images made on one to others
    Attack(commands::attack::Attack),
    /// Train each optimizer for a few hundred steps and compare with the recorded accuracies
    Check(commands::check::Check),
    /// Compare two results folders and show what differs by more than noise
    Compare(commands::compare::Compare),
    /// Time the network, the optimizers and the attacks on this machine
    Bench(commands::bench::Bench),
    /// Hold what the workspace depends on to deny.toml, and what its packages contain to what belongs in one
    Dependencies(commands::dependencies::Dependencies),
    /// Find source files of a crate that import each other in a cycle
    Imports(commands::imports::Imports),
    /// List the public items of each crate, and say what has become of them
    Api(commands::api::Api),
    /// List the data sets, and fetch one from where it was published
    Data(commands::data::Data),
}

/// What a command ended with, other than an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All is well.
    Fine,
    /// It ran, and found that something is not as it should be.
    Found,
}

/// The exit code of a command that failed.
const FAILED: u8 = 2;

fn main() -> ExitCode {
    let code = run();
    match output::lost() {
        // Results that were printed are lost. A command that was stopped has printed none.
        Some(what) if code != interruption::STOPPED => {
            tell!("error: {what}");
            ExitCode::from(FAILED)
        }
        _ => ExitCode::from(code),
    }
}

/// Runs the command, and returns its exit code.
fn run() -> u8 {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return refuse(&error),
    };
    let outcome = match arguments.command {
        Command::Reproduce(command) => command.run(),
        Command::Report(command) => command.run(),
        Command::Train(command) => command.run(),
        Command::Tune(command) => command.run(),
        Command::Study(command) => command.run(),
        Command::Evaluate(command) => command.run(),
        Command::Attack(command) => command.run(),
        Command::Check(command) => command.run(),
        Command::Compare(command) => command.run(),
        Command::Bench(command) => command.run(),
        Command::Dependencies(command) => command.run(),
        Command::Imports(command) => command.run(),
        Command::Api(command) => command.run(),
        Command::Data(command) => command.run(),
    };
    match outcome {
        Ok(Outcome::Fine) => 0,
        Ok(Outcome::Found) => 1,
        Err(error) if matches!(error.downcast_ref(), Some(ExperimentError::Interrupted { .. })) => {
            tell!("{error}; go on with: {}", interruption::this_command());
            interruption::STOPPED
        }
        Err(error) => {
            tell!("error: {}", in_one_line(&error));
            FAILED
        }
    }
}

/// An error with its causes, without those whose words it has already. The lines of a cause become one.
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

/// Help as it is; anything else in one line.
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
    tell!("{} (--help tells more)", words.join(" "));
    FAILED
}
