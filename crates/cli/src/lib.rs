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
mod certificate_check;
mod certification;
mod certify_results;
mod checkpoints;
mod command;
mod commands;
mod data_options;
mod error;
mod evaluation;
mod exit;
mod experiment_options;
mod first_images;

mod interruption;
mod logit_check;
mod manifest;
mod model_comparison;
mod onnx_options;
mod outcome;
mod program;
mod progress;
mod property;
mod recipe_folder;
mod reference;
mod reproduce;
mod threads;
mod train_run;
mod tuning;

pub use command::Command;
pub use error::CommandError;
pub use exit::main;
pub use minima_config::attack_catalogue::Options;
pub use minima_config::registry::{NumericOption, OwnAttack, OwnNetwork, OwnOptimizer, Registry, RegistryError};
pub use outcome::Outcome;
pub use program::main_with;
