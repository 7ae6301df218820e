//! Several experiments, each in a subfolder of one results folder.

use super::experiment::{claim, reproduce};
use super::reproduction::Reproduction;
use crate::error::CommandError;
use crate::reference;
use minima_config::Parts;
use minima_config::preset::Preset;
use minima_data::Splits;
use minima_report::{Part, read_parts, write_parts_reports};
use minima_runs::RunError;
use minima_runs::machine::Machine;
use minima_runs::observer::{Event, Observer};
use minima_runs::training::Keeping;
use minima_store::ResultsFolder;
use std::path::Path;

/// The flags that name experiments, for errors.
pub(crate) const FLAGS: &str = "--preset and --config";

/// An experiment on its data and its device.
pub(crate) struct Opened {
    /// Name of the preset or of its file, and of its folder.
    pub name: String,
    /// The experiment.
    pub preset: Preset,
    /// Training and test images.
    pub data: Splits,
    /// The device.
    pub machine: Machine,
}

/// The results folder of several experiments.
pub(crate) struct Whole<'a> {
    /// The names of the experiments.
    pub parts: &'a Parts,
    /// The folder.
    pub out: &'a Path,
    /// How often the states of runs are saved, and the stop request.
    pub keeping: &'a Keeping,
    /// Move the folder's contents aside and start again.
    pub fresh: bool,
}

/// Runs experiments one after the other, each into its subfolder as [`reproduce`] does, and writes the report of all parts after
/// each of them. Parts that are in the folder already stay in its report. If a part fails, the others are still run.
///
/// # Errors
/// Returns [`CommandError::Parts`] if the folder holds the results of one experiment,
/// [`CommandError::Part`] with the error of the first part that fails, and [`CommandError::Run`] if a run is stopped.
pub(crate) fn reproduce_parts(
    opened: Vec<Opened>,
    whole: &Whole<'_>,
    observer: &mut dyn Observer,
) -> Result<Vec<Part>, CommandError> {
    let Whole { parts: asked, out, keeping, fresh } = *whole;
    let _folder = claim(out, fresh, observer)?;
    let parts = match Parts::read(out)? {
        Some(there) => there.and(asked, FLAGS)?,
        None => asked.clone(),
    };
    parts.write(out)?;
    // A part with another configuration is refused before the first one is trained.
    for Opened { name, preset, .. } in &opened {
        ResultsFolder::claim(&out.join(name))?.configure("config.toml", &preset.to_toml()?)?;
    }
    let count = opened.len();
    let mut failed = None;
    for (number, Opened { name, preset, data, machine }) in (1..).zip(opened) {
        observer.on(Event::Stage(&format!("part {number} of {count}: {name}")));
        let place = out.join(&name);
        let part = Reproduction {
            name: &name,
            preset: &preset,
            machine: &machine,
            data: &data,
            out: &place,
            keeping,
            fresh: false,
        };
        match reproduce(&part, observer) {
            Ok(_) => write_parts_reports(out, &read_parts(out, reference::of)?)?,
            Err(stopped @ CommandError::Run(RunError::Interrupted { .. })) => return Err(stopped),
            Err(error) => {
                tell!("part {name}: failed: {error}");
                failed.get_or_insert(CommandError::Part { name, source: Box::new(error) });
            }
        }
    }
    match failed {
        Some(error) => Err(error),
        None => Ok(read_parts(out, reference::of)?),
    }
}
