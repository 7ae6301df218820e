//! Handles Ctrl-C. The first finishes the current step and saves the state; the second exits at once.

use anyhow::{Context, Result};
use clap::Args;
use minima_runs::training::Keeping;
use minima_store::Stop;
use std::sync::OnceLock;
use std::time::Duration;

/// The name under which the program was called: `minima`, or `cargo xtask`.
pub(crate) static PROGRAM: OnceLock<String> = OnceLock::new();

/// The exit code of a stopped command: 128 plus the number of SIGINT.
pub(crate) const STOPPED: u8 = 130;

/// Options of commands that can be stopped and resumed.
#[derive(Debug, Args)]
pub(crate) struct Survival {
    /// Move existing results aside, to a name with `before` and a number, and start again; nothing is deleted
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Save the state of a training every N seconds; 0 saves it after each step
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, value_parser = seconds)]
    save_every: f64,
}

impl Survival {
    /// Installs the Ctrl-C handler and returns how states are saved.
    pub(crate) fn keeping(&self) -> Result<Keeping> {
        Ok(Keeping { every: Duration::try_from_secs_f64(self.save_every).context("--save-every")?, stop: listen()? })
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    let wrong = || format!("{text}; expected seconds from 0 to a million");
    text.parse().ok().filter(|seconds| (0.0..=1e6).contains(seconds)).ok_or_else(wrong)
}

/// Installs the Ctrl-C handler. Other signals have their default effect: under `nohup` the program keeps running, and SIGTERM
/// ends it at once with the last saved state on disk.
pub(crate) fn listen() -> Result<Stop> {
    let stop = Stop::default();
    let wish = stop.clone();
    ctrlc::set_handler(move || {
        if wish.is_heeded() && !wish.is_asked() {
            wish.ask();
            tell!("stopping after this step; press Ctrl-C again to stop at once");
        } else {
            // Files are written atomically, so exiting here loses only the work since the last saved state.
            tell!("stopped; resume with: {}", this_command());
            std::process::exit(i32::from(STOPPED));
        }
    })
    .context("cannot install the Ctrl-C handler")?;
    Ok(stop)
}

/// The command line that resumes this command.
pub(crate) fn this_command() -> String {
    let quoted = |argument: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:".contains(c);
        if !argument.is_empty() && argument.chars().all(plain) {
            argument.to_owned()
        } else {
            format!("'{}'", argument.replace('\'', r"'\''"))
        }
    };
    // With --fresh the resumed command would move this run's results aside.
    let arguments = std::env::args_os().skip(1).filter(|argument| argument != "--fresh");
    let arguments = arguments.map(|argument| quoted(&argument.to_string_lossy()));
    std::iter::once(PROGRAM.get().map_or("minima", String::as_str).to_owned())
        .chain(arguments)
        .collect::<Vec<_>>()
        .join(" ")
}
