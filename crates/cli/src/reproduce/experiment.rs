//! The whole experiment: trains, attacks and measures every model, and writes tables, figures and reports.

use super::measured::Measured;
use super::one_model::OneModel;
use super::reproduction::{MANIFEST, Reproduction};
use crate::error::CommandError;
use crate::manifest::{Clock, Manifest};
use crate::reference;
use minima_config::{Parts, Run};
use minima_report::results::Results;
use minima_report::{ReportInput, fgsm_table, sharpness_table};
use minima_report::{certified_table, curvature_table, robustness_table, write_reports};
use minima_runs::TestSet;
use minima_runs::observer::{Event, Observer};
use minima_runs::robustness::{masking, transfer};
use minima_store::cached;
use minima_store::{FolderError, ResultsFolder, Unfinished};
use minima_store::{remove_if_there, write_atomically};
use std::path::Path;

/// The printed results of an experiment.
#[derive(Clone, Debug)]
pub(crate) struct Reproduced {
    /// The result tables as text.
    pub summary: String,
}

/// Runs a preset on this data and writes its results into the folder `out`. A stopped experiment resumes, and its files have the
/// same bytes as without the stop.
///
/// The configuration is written before the first training, so that a folder that is not writable fails early. Files are written
/// atomically and replace the files of an earlier run one by one. Reports are made from the written files. The folder
/// `unfinished` holds the state of the experiment and is removed at its end. A completed experiment is not run again if data,
/// version, device and linear algebra are the same.
///
/// # Errors
/// Returns [`CommandError`] if the folder is not writable, has parts, belongs to another configuration or is held by another run,
/// the preset needs more images than there are, or a run fails or is stopped.
pub(crate) fn reproduce(of: &Reproduction<'_>, observer: &mut dyn Observer) -> Result<Reproduced, CommandError> {
    let preset = &of.preset.clone().on_data(of.data)?;
    let of = &Reproduction { preset, ..*of };
    let Reproduction { name, machine, data, out, .. } = *of;
    if !of.fresh {
        Parts::refuse(out)?;
    }
    let folder = claim(out, of.fresh, observer)?;
    folder.configure("config.toml", &preset.to_toml()?)?;
    if !Unfinished::is_in(&folder) {
        if of.has_ended() {
            Unfinished::sweep(&folder)?;
            observer.on(Event::Stage("this run is already complete; --fresh moves it aside and runs it again"));
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
    // The manifest is written last: it marks the run as complete.
    results.set_provenance(manifest.provenance());
    write_reports(out, &results, reference::of(&results))?;
    write_atomically(&out.join(MANIFEST), &manifest.to_json()?)?;
    unfinished.close()?;
    Ok(Reproduced { summary: summary(&results)? })
}

/// Claims a results folder. With `fresh`, the existing results are moved aside.
pub(super) fn claim(out: &Path, fresh: bool, observer: &mut dyn Observer) -> Result<ResultsFolder, FolderError> {
    if !fresh {
        return ResultsFolder::claim(out);
    }
    let (claimed, moved) = ResultsFolder::claim_fresh(out)?;
    if let Some(moved) = moved {
        observer.on(Event::Stage(&format!("moved the existing results to {}", moved.display())));
    }
    Ok(claimed)
}

/// Removes the manifest. It marks a run as complete, which is wrong once another run has begun.
fn remove_manifest(out: &Path) -> Result<(), FolderError> {
    let path = out.join(MANIFEST);
    remove_if_there(&path).map_err(|source| FolderError::System { path, step: "removing the earlier file", source })
}

/// The result tables as text.
fn summary(results: &Results) -> Result<String, CommandError> {
    let mut summary = String::new();
    let input = ReportInput::of(results, reference::of(results).map(|paper| paper as _));
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
        ("Proved and broken images", certified_table(&results.certified)),
    ] {
        if !table.rows.is_empty() {
            summary.push_str(&format!("{title}\n{}\n", table.to_text()));
        }
    }
    Ok(summary)
}
