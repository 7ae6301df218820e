//! The whole experiment: train every model, attack and measure it, write tables, figures and the reports.

mod measured;
mod one_model;

use crate::error::CommandError;
use crate::manifest::{Clock, Manifest};
use measured::Measured;
use minima_config::Run;
use minima_config::preset::Preset;
use minima_data::Mnist;
use minima_paper::PAPER;
use minima_report::results::Results;
use minima_report::{ReportInput, fgsm_table, sharpness_table};
use minima_report::{curvature_table, robustness_table, write_reports};
use minima_runs::RunError;
use minima_runs::TestSet;
use minima_runs::machine::Machine;
use minima_runs::observer::{Event, Observer};
use minima_runs::robustness::{masking, transfer};
use minima_runs::training::Keeping;
use minima_store::bounded_file::{self, read_at_most};
use minima_store::cached;
use minima_store::{FolderError, ResultsFolder, Unfinished};
use minima_store::{remove_if_there, write_atomically};
use one_model::OneModel;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// What an experiment found, as far as it is printed.
#[derive(Clone, Debug)]
pub struct Reproduced {
    /// The tables, for a terminal.
    pub summary: String,
}

/// An experiment to be run.
pub struct Reproduction<'a> {
    /// The preset's name, or its file's.
    pub name: &'a str,
    /// The experiment.
    pub preset: &'a Preset,
    /// What computes.
    pub machine: &'a Machine,
    /// Training and test images.
    pub data: &'a Mnist,
    /// The folder for the results.
    pub out: &'a Path,
    /// How often runs keep their states, and who may stop them.
    pub keeping: &'a Keeping,
    /// Moves what is in the folder aside, and begins anew.
    pub fresh: bool,
}

/// Runs a preset on this data and writes its results into the folder `out`; where it was stopped before, it goes on from there, and the
/// bytes are the same.
///
/// The configuration is written before anything is trained, so that a folder that cannot be written to is found then. A file
/// appears whole or not at all; those of an earlier run are replaced one by one. Reports are made from the files written.
/// What has not ended is in the folder `unfinished`, which goes when all has. A run that has ended, of the same data, version, device and
/// linear algebra, is not run again.
///
/// # Errors
/// When the folder cannot be written to, is of another configuration, or another run has it; there are fewer images than the preset asks
/// for; or a run fails or is stopped.
pub fn reproduce(of: &Reproduction<'_>, observer: &mut dyn Observer) -> Result<Reproduced, CommandError> {
    let preset = &of.preset.clone().on_data(of.data)?;
    let of = &Reproduction { preset, ..*of };
    let Reproduction { name, machine, data, out, .. } = *of;
    let folder = match of.fresh {
        true => {
            let (claimed, moved) = ResultsFolder::claim_fresh(out)?;
            if let Some(moved) = moved {
                observer.on(Event::Stage(&format!("what was there is now in {}", moved.display())));
            }
            claimed
        }
        false => ResultsFolder::claim(out)?,
    };
    folder.configure("config.toml", &preset.to_toml()?)?;
    if !Unfinished::is_in(&folder) {
        if of.has_ended() {
            Unfinished::sweep(&folder)?;
            observer.on(Event::Stage("this run has ended; --fresh moves it aside and runs it again"));
            return Ok(Reproduced { summary: summary(&Results::read(out)?)? });
        }
        remove_manifest(out)?;
    }
    let unfinished = Unfinished::open(&folder, &of.recipe()?)?;
    let test = TestSet::new(&data.test.take(preset.test_images));
    let mut clock = Clock::default();
    let mut measured = Measured::default();
    let mut models = Vec::new();
    let mut hashes = Vec::new();
    let runs = Run::all(preset);
    for (number, run) in (1..).zip(&runs) {
        let one = OneModel { of, test: &test, run, place: (number, runs.len()), unfinished: &unfinished };
        let (model, hash) = one.trained(&mut measured, &mut clock, observer)?;
        one.measure(&model, &hash, &mut measured, &mut clock, observer)?;
        models.push((run.clone(), model));
        hashes.push(hash);
    }
    let hashes = hashes.join(" ");
    observer.on(Event::Stage("transfer and masked gradients"));
    measured.transfer = clock
        .time("transfer", || cached(&unfinished.join("transfer.json"), &hashes, || transfer(&models, preset, &test)))?;
    measured.masking = clock.time("masked gradients", || {
        cached(&unfinished.join("masking.json"), &hashes, || masking(&models, preset, &test))
    })?;
    observer.on(Event::Stage("tables, figures and report"));
    clock.time("tables and figures", || measured.write(preset, data, out))?;
    let manifest = Manifest::new(name, preset, machine, data, &clock);
    let mut results = Results::read(out)?;
    // It is written last, as the sign that the run ended.
    results.set_provenance(manifest.provenance());
    write_reports(out, &results, Some(&PAPER))?;
    write_atomically(&out.join(MANIFEST), &manifest.to_json()?)?;
    unfinished.close()?;
    Ok(Reproduced { summary: summary(&results)? })
}

impl Reproduction<'_> {
    /// What decides the bytes of the results beside the configuration.
    fn made_by(&self) -> MadeBy {
        let Manifest { numerics, device, linear_algebra, data, .. } =
            Manifest::new(self.name, self.preset, self.machine, self.data, &Clock::default());
        MadeBy { numerics, device, linear_algebra: linear_algebra.to_owned(), data }
    }

    /// That as TOML.
    fn recipe(&self) -> Result<String, CommandError> {
        let failed = |e: toml::ser::Error| RunError::Recipe { run: self.name.to_owned(), message: e.to_string() };
        Ok(toml::to_string(&self.made_by()).map_err(failed)?)
    }

    /// Whether the folder's manifest is that of the same run. One that cannot be read is no sign of an end.
    fn has_ended(&self) -> bool {
        let manifest = read_at_most(&self.out.join(MANIFEST), bounded_file::TEXT).ok();
        manifest.and_then(|bytes| serde_json::from_slice(&bytes).ok()) == Some(self.made_by())
    }
}

/// The part of a manifest that decides the bytes of the results beside the configuration.
#[derive(PartialEq, Serialize, Deserialize)]
struct MadeBy {
    numerics: String,
    device: String,
    linear_algebra: String,
    /// SHA-256 of the data's files.
    data: BTreeMap<String, String>,
}

/// Written last.
const MANIFEST: &str = "manifest.json";

/// A manifest tells that the run ended that wrote it: with another begun, that is no longer so.
fn remove_manifest(out: &Path) -> Result<(), FolderError> {
    let path = out.join(MANIFEST);
    remove_if_there(&path).map_err(|source| FolderError::System { path, step: "taking an earlier one away", source })
}

/// The tables, for a terminal.
fn summary(results: &Results) -> Result<String, CommandError> {
    let mut summary = String::new();
    let input = ReportInput::of(results, Some(&PAPER));
    let reference = input.beside();
    match results.data_set.name().filter(|_| reference.is_none()) {
        Some(name) => summary.push_str(&format!("Data: {name}. The paper has no numbers for it.\n\n")),
        None if reference.is_some() && !input.is_reference_configuration => {
            summary.push_str("This is not the paper's configuration: its numbers are shown for orientation only.\n\n")
        }
        None => {}
    }
    for (title, table) in [
        ("FGSM, trained on clean labels", fgsm_table(&results.clean_fgsm, reference)),
        ("FGSM, trained on poisoned labels", fgsm_table(&results.poisoned_fgsm, reference)),
        ("Loss increase under weight perturbation, clean labels", sharpness_table(&results.sharpness, reference)),
        ("Curvature of the training loss at the end", curvature_table(&results.curvature)),
        ("Stronger attacks: robust images", robustness_table(&results.robustness)),
    ] {
        if !table.rows.is_empty() {
            summary.push_str(&format!("{title}\n{}\n", table.to_text()));
        }
    }
    Ok(summary)
}
