//! From the command line to the exit code.

use crate::error::CommandError;
use crate::outcome::Outcome;
use crate::{interruption, output};
use clap::Parser;
use minima_runs::RunError;
use minima_studies::StudyError;
use minima_sweep::REQUEUE;
use std::process::ExitCode;

/// The exit code of a command that failed.
pub(crate) const FAILED: u8 = 2;

/// Parses the command line, runs the command, prints its error, and returns the exit code: 0 for success, 1 if a check or a run
/// within the command failed, 2 for an error, 130 if Ctrl-C stopped
/// the command, and 75 if SIGTERM or SIGUSR1 did, which asks for a requeue.
pub fn main<A: Parser>(run: impl FnOnce(A) -> anyhow::Result<Outcome>) -> ExitCode {
    run_parsed(A::command(), run)
}

/// [`main`] with this form of the command line.
pub(crate) fn run_parsed<A: Parser>(form: clap::Command, run: impl FnOnce(A) -> anyhow::Result<Outcome>) -> ExitCode {
    interruption::PROGRAM.get_or_init(|| form.get_name().to_owned());
    let arguments = form.try_get_matches().and_then(|mut matches| A::from_arg_matches_mut(&mut matches));
    let code = match arguments {
        Ok(arguments) => code_of(run(arguments)),
        Err(error) => refuse(&error),
    };
    match output::lost() {
        // Printed results are lost. A stopped command prints no results.
        Some(what) if ![interruption::STOPPED, REQUEUE].contains(&code) => {
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
            tell!("{}; resume with: {}", in_one_line(&error), interruption::this_command());
            interruption::code()
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
