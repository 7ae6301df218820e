//! Handles signals. The first finishes the current step and saves the state; the second exits at once.
//!
//! Ctrl-C gives the exit code 130. SIGTERM and SIGUSR1, by which a cluster ends or announces the end of a job, give the code 75, which
//! asks for a requeue.

use anyhow::{Context, Result};
use clap::Args;
use minima_runs::training::Keeping;
use minima_store::Stop;
use minima_sweep::{REQUEUE, Release};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// The name under which the program was called: `minima`, or `cargo xtask`.
pub(crate) static PROGRAM: OnceLock<String> = OnceLock::new();

/// The exit code of a stopped command: 128 plus the number of SIGINT.
pub(crate) const STOPPED: u8 = 130;

/// The exit code for the signal that stopped this command.
static CODE: AtomicU8 = AtomicU8::new(STOPPED);

/// The claim of a job of a sweep, which is given back before the process exits.
static HELD: Mutex<Option<Release>> = Mutex::new(None);

/// The exit code of a command that was stopped: 130 after Ctrl-C, 75 after SIGTERM and SIGUSR1.
pub(crate) fn code() -> u8 {
    CODE.load(Ordering::SeqCst)
}

/// Sets the claim that is given back if a signal ends the process at once.
pub(crate) fn hold(release: Option<Release>) {
    *HELD.lock().unwrap_or_else(PoisonError::into_inner) = release;
}

/// Options of commands that can be stopped and resumed.
#[derive(Debug, Args)]
pub(crate) struct Survival {
    /// Move existing results aside, to a name with `before` and a number, and start again; nothing is deleted
    #[arg(long)]
    pub(crate) fresh: bool,
    #[command(flatten)]
    saving: Saving,
}

impl Survival {
    /// Installs the handlers of signals and returns how states are saved.
    pub(crate) fn keeping(&self) -> Result<Keeping> {
        self.saving.keeping()
    }
}

/// How often states are saved.
#[derive(Debug, Args)]
pub(crate) struct Saving {
    /// Save the state of a training every N seconds; 0 saves it after each step
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, value_parser = seconds)]
    save_every: f64,
}

impl Saving {
    /// Installs the handlers of signals and returns how states are saved.
    pub(crate) fn keeping(&self) -> Result<Keeping> {
        Ok(Keeping { every: Duration::try_from_secs_f64(self.save_every).context("--save-every")?, stop: listen()? })
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    let wrong = || format!("{text}; expected seconds from 0 to a million");
    text.parse().ok().filter(|seconds| (0.0..=1e6).contains(seconds)).ok_or_else(wrong)
}

/// Installs the handlers of Ctrl-C, SIGTERM and SIGUSR1. Other signals have their default effect: under `nohup` the program keeps
/// running.
pub(crate) fn listen() -> Result<Stop> {
    let stop = Stop::default();
    let wish = stop.clone();
    ctrlc::set_handler(move || on_signal(&wish, STOPPED, "press Ctrl-C again to stop at once"))
        .context("cannot install the Ctrl-C handler")?;
    #[cfg(unix)]
    listen_to_cluster(&stop)?;
    Ok(stop)
}

/// Installs the handler of SIGTERM and SIGUSR1.
#[cfg(unix)]
fn listen_to_cluster(stop: &Stop) -> Result<()> {
    use signal_hook::consts::{SIGTERM, SIGUSR1};
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGUSR1])
        .context("cannot install the handler of SIGTERM and SIGUSR1")?;
    let wish = stop.clone();
    let listener = std::thread::Builder::new().name("signals".to_owned());
    let listen = move || signals.forever().for_each(|_| on_signal(&wish, REQUEUE, "a second signal stops it at once"));
    listener.spawn(listen).context("cannot start the thread that waits for signals")?;
    Ok(())
}

/// Asks for a stop if a training looks for it. Exits at once if none does, or after the second signal.
fn on_signal(stop: &Stop, code: u8, hint: &str) {
    CODE.store(code, Ordering::SeqCst);
    if stop.is_heeded() && !stop.is_asked() {
        stop.ask();
        tell!("stopping after this step; {hint}");
    } else {
        if let Some(held) = HELD.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Otherwise others take the job over once its heartbeat stops.
            let _ = held.release();
        }
        // Files are written atomically, so exiting here loses only the work since the last saved state.
        tell!("stopped; resume with: {}", this_command());
        std::process::exit(i32::from(code));
    }
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
