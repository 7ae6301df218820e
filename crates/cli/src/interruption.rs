//! Ctrl-C: the first lets a training finish its step and keep its state, the second ends at once.

use anyhow::{Context, Result};
use clap::Args;
use minima_runs::training::Keeping;
use minima_store::Stop;
use std::sync::OnceLock;
use std::time::Duration;

/// The name under which the program was called: `minima`, or `cargo xtask`.
pub(crate) static PROGRAM: OnceLock<String> = OnceLock::new();

/// The exit code of a command that was stopped: 128 and the number of SIGINT.
pub(crate) const STOPPED: u8 = 130;

/// How a command that may be stopped and goes on later does so.
#[derive(Debug, Args)]
pub(crate) struct Survival {
    /// Move what is in the way aside, to a name with `before` and a number, and begin anew; nothing is deleted
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Seconds from one kept state of a training to the next; 0 for one after each step
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, value_parser = seconds)]
    save_every: f64,
}

impl Survival {
    /// How states are kept, with Ctrl-C listened to from now on.
    pub(crate) fn keeping(&self) -> Result<Keeping> {
        Ok(Keeping { every: Duration::try_from_secs_f64(self.save_every).context("--save-every")?, stop: listen()? })
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    let wrong = || format!("{text}; expected seconds from 0 to a million");
    text.parse().ok().filter(|seconds| (0.0..=1e6).contains(seconds)).ok_or_else(wrong)
}

/// Listens to Ctrl-C. Other signals do what they do to any program: `nohup` keeps it running, SIGTERM ends it at once, and the last state is
/// there.
pub(crate) fn listen() -> Result<Stop> {
    let stop = Stop::default();
    let wish = stop.clone();
    ctrlc::set_handler(move || {
        if wish.is_heeded() && !wish.is_asked() {
            wish.ask();
            tell!("stopping after this step; once more stops at once");
        } else {
            // Files are whole at any moment, and what was done before is kept.
            tell!("stopped; go on with: {}", this_command());
            std::process::exit(i32::from(STOPPED));
        }
    })
    .context("listening to Ctrl-C")?;
    Ok(stop)
}

/// What to type to go on.
pub(crate) fn this_command() -> String {
    let quoted = |argument: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:".contains(c);
        if !argument.is_empty() && argument.chars().all(plain) {
            argument.to_owned()
        } else {
            format!("'{}'", argument.replace('\'', r"'\''"))
        }
    };
    // Whoever said --fresh does not want to lose what there is now.
    let arguments = std::env::args_os().skip(1).filter(|argument| argument != "--fresh");
    let arguments = arguments.map(|argument| quoted(&argument.to_string_lossy()));
    std::iter::once(PROGRAM.get().map_or("minima", String::as_str).to_owned())
        .chain(arguments)
        .collect::<Vec<_>>()
        .join(" ")
}
