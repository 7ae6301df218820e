//! A program with attacks, networks and optimizers of its own, and every command.

use crate::command::Command;
use crate::exit::{FAILED, run_parsed};
use crate::interruption::PROGRAM;
use clap::{CommandFactory, Parser};
use minima_config::registry::{Registry, RegistryError};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Trains networks, attacks them and reports, with attacks, networks and optimizers of this program's own.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 120)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Installs the registry, parses the command line, runs the command, and returns the exit code as [`main`](crate::main) does.
/// A registration that failed is printed and gives the exit code 2.
///
/// ```no_run
/// use minima_attacks::{Fgsm, Norm};
/// use minima_cli::{OwnAttack, Registry};
/// use std::process::ExitCode;
///
/// fn main() -> ExitCode {
///     let attack = OwnAttack::new("one-step", "one step", &[Norm::Linf, Norm::L2], |_| Box::new(Fgsm::default()));
///     minima_cli::main_with(Registry::new().attack(attack))
/// }
/// ```
pub fn main_with(registry: Result<Registry, RegistryError>) -> ExitCode {
    match registry.and_then(Registry::install) {
        Ok(()) => {
            let form = Arguments::command().name(PROGRAM.get_or_init(name).as_str());
            run_parsed(form, |arguments: Arguments| arguments.command.run())
        }
        Err(error) => {
            tell!("error: {error}");
            ExitCode::from(FAILED)
        }
    }
}

/// The name of the program's file.
fn name() -> String {
    let called = std::env::args_os().next().map(PathBuf::from);
    let name = called.as_deref().and_then(Path::file_stem);
    name.map_or_else(|| "minima".to_owned(), |name| name.to_string_lossy().into_owned())
}
