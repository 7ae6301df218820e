//! The commands of minima and the maintenance commands of the workspace. `cargo xtask --help` lists them.

mod commands;

use clap::{Parser, Subcommand};
use minima_cli::Outcome;
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
    #[command(flatten)]
    Minima(Box<minima_cli::Command>),
    /// Check dependencies against deny.toml, and optionally the contents of the packages
    Dependencies(commands::dependencies::Dependencies),
    /// Find import cycles between source files of a crate
    Imports(commands::imports::Imports),
    /// List the public items of each crate and report changes
    Api(commands::api::Api),
}

fn main() -> ExitCode {
    minima_cli::main(|arguments: Arguments| -> anyhow::Result<Outcome> {
        match arguments.command {
            Command::Minima(command) => command.run(),
            Command::Dependencies(command) => command.run(),
            Command::Imports(command) => command.run(),
            Command::Api(command) => command.run(),
        }
    })
}
