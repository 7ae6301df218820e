//! The program `minima`.

use clap::Parser;
use minima_cli::Command;
use std::process::ExitCode;

/// Which minimum does an optimizer find, and how robust is it?
#[derive(Debug, Parser)]
#[command(name = "minima", version, max_term_width = 120)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    minima_cli::main(|arguments: Arguments| arguments.command.run())
}
