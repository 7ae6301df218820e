//! The whole experiment: train every model, attack and measure it, write tables, figures and the reports.

mod measured;

use crate::atomic_file::write_atomically;
use crate::error::ExperimentError;
use crate::machine::Machine;
use crate::manifest::{Clock, Manifest};
use crate::measurement::measure;
use crate::observer::{Event, Observer};
use crate::preset::Preset;
use crate::records::write_csv;
use crate::report::{curvature_table, robustness_table, write_reports};
use crate::results::Results;
use crate::robustness::{is_attacked, masking, robustness, transfer};
use crate::spectra::spectra;
use crate::tables::{fgsm_table, sharpness_table};
use crate::training::{TestSet, train_all};
use measured::Measured;
use minima_data::Mnist;
use std::path::Path;

/// What an experiment found, as far as it is printed.
#[derive(Clone, Debug)]
pub struct Reproduced {
    /// The tables, for a terminal.
    pub summary: String,
}

/// Runs a preset on this data and writes its results into the folder `out`.
///
/// The configuration is written before anything is trained, so that a folder that cannot be written to is found then. A file
/// appears whole or not at all; those of an earlier run are replaced one by one. Reports are made from the files written.
///
/// # Errors
/// When the folder cannot be written to, there are fewer images than the preset asks for, or a run fails.
pub fn reproduce(
    name: &str,
    preset: &Preset,
    machine: &Machine,
    data: &Mnist,
    out: &Path,
    observer: &mut dyn Observer,
) -> Result<Reproduced, ExperimentError> {
    preset.check_against(data)?;
    write_atomically(&out.join("config.toml"), preset.to_toml()?.as_bytes())?;
    let test = TestSet::new(&data.test.take(preset.test_images));
    let mut clock = Clock::default();
    let mut measured = Measured::default();
    let mut models = Vec::new();
    train_all(machine, preset, data, &test, observer, |run, trained, observer| {
        let name = run.name();
        clock.note(&format!("train {name}"), trained.seconds);
        measured.training.extend(trained.epochs);
        write_csv(&out.join("training.csv"), &measured.training)?;
        let model = trained.model;
        let checkpoint = model.graph().to_safetensors(model.params())?;
        write_atomically(&out.join(format!("checkpoints/{name}.safetensors")), &checkpoint)?;

        observer.on(Event::Stage(&format!("{name}: attacks and measurements")));
        let (one, pairs) = clock.time(&format!("measure {name}"), || {
            let (epsilons, rhos) = (&preset.epsilons, &preset.rhos);
            machine.with_model(&model, |model| {
                let one = measure(model, &test, epsilons, rhos, preset.sharpness_batch)?;
                let pairs = one.pairs(&run.optimizer, model, &test)?;
                Ok((one, pairs))
            })
        })?;
        measured.add(run, preset, one, pairs)?;
        if preset.spectrum_images > 0 {
            observer.on(Event::Stage(&format!("{name}: curvature")));
            let found = clock.time(&format!("curvature {name}"), || spectra(run, &model, preset, &trained.set))?;
            measured.curvature.extend(found.curvature);
            measured.densities.extend(found.densities);
        }
        if is_attacked(run) && preset.attacked_images > 0 {
            observer.on(Event::Stage(&format!("{name}: stronger attacks")));
            let stood = clock.time(&format!("attack {name}"), || {
                machine.with_model(&model, |model| robustness(run, model, preset, &test))
            })?;
            measured.robustness.extend(stood.table);
            measured.curves.extend(stood.curves);
        }
        models.push((run.clone(), model));
        Ok(())
    })?;
    observer.on(Event::Stage("transfer and masked gradients"));
    measured.transfer = clock.time("transfer", || transfer(&models, preset, &test))?;
    measured.masking = clock.time("masked gradients", || masking(&models, preset, &test))?;
    observer.on(Event::Stage("tables, figures and report"));
    clock.time("tables and figures", || measured.write(preset, data, out))?;
    let manifest = Manifest::new(name, preset, machine, &data.hashes, &clock);
    let mut results = Results::read(out)?;
    // That of an earlier run may lie there: this run's is written last, as the sign that it ended.
    results.set_provenance(manifest.provenance());
    write_reports(out, &results)?;
    write_atomically(&out.join("manifest.json"), &manifest.to_json()?)?;
    Ok(Reproduced { summary: summary(&results)? })
}

/// The tables, for a terminal.
fn summary(results: &Results) -> Result<String, ExperimentError> {
    let mut summary = String::new();
    if !results.is_the_papers() {
        summary.push_str(
            "This is not the paper's configuration: its numbers stand beside these for orientation only.\n\n",
        );
    }
    for (title, table) in [
        ("Table 1: FGSM, trained on clean labels", fgsm_table(&results.table1)?),
        ("Table 2: FGSM, trained on poisoned labels", fgsm_table(&results.table2)?),
        ("Table 3: loss increase under weight perturbation, clean labels", sharpness_table(&results.table3)?),
        ("Curvature of the training loss at the end", curvature_table(&results.curvature)),
        ("Stronger attacks: images that stand, clean labels", robustness_table(&results.robustness)),
    ] {
        if !table.rows.is_empty() {
            summary.push_str(&format!("{title}\n{}\n", table.to_text()));
        }
    }
    Ok(summary)
}
