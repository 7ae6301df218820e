//! The whole experiment: train every model, attack and measure it, write tables, figures and the report.

use crate::atomic_file::write_atomically;
use crate::error::ExperimentError;
use crate::figures::{
    self, AdversarialPairs, InputGradientNorms, LogitMargins, RobustAccuracy, Samples, SpectralDensityFigure,
    TrainingCurves,
};
use crate::machine::Machine;
use crate::manifest::{Clock, Manifest};
use crate::measurement::{Measurement, measure};
use crate::observer::{Event, Observer};
use crate::optimizers::{ADAM, MEAN, PUBLISHED};
use crate::paper;
use crate::preset::{DatasetKind, Preset};
use crate::records::{
    AdversarialExample, CurvatureMatrix, CurvatureRow, DistributionRow, FgsmRow, MaskingRow, Quantity, RobustnessRow,
    SharpnessRow, SpectralDensityRow, TrainingRow, TransferRow, write_csv,
};
use crate::report::{ReportInput, curvature_table, report, robustness_table};
use crate::robustness::{is_attacked, masking, robustness, transfer};
use crate::spectra::spectra;
use crate::tables::{fgsm_table, sharpness_table};
use crate::training::{Run, TestSet, train_all};
use minima_data::Mnist;
use minima_metrics::Summary;
use std::path::Path;

/// What an experiment found, as far as it is printed.
#[derive(Clone, Debug)]
pub struct Reproduced {
    /// The tables, for a terminal.
    pub summary: String,
}

/// Everything measured so far.
#[derive(Clone, Debug, Default)]
struct Results {
    training: Vec<TrainingRow>,
    clean_fgsm: Vec<FgsmRow>,
    poisoned_fgsm: Vec<FgsmRow>,
    sharpness: Vec<SharpnessRow>,
    distributions: Vec<DistributionRow>,
    gradient_norms: Vec<Samples>,
    margins: Vec<Samples>,
    pairs: Vec<AdversarialExample>,
    robustness: Vec<RobustnessRow>,
    curves: Vec<RobustnessRow>,
    masking: Vec<MaskingRow>,
    transfer: Vec<TransferRow>,
    curvature: Vec<CurvatureRow>,
    densities: Vec<SpectralDensityRow>,
}

/// Runs a preset on this data and writes its results into the folder `out`.
///
/// The configuration is written before anything is trained, so that a folder that cannot be written to is found then. A file appears whole or not at all; those of an earlier run
/// are replaced one by one.
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
    let mut results = Results::default();
    let mut models = Vec::new();
    train_all(machine, preset, data, &test, observer, |run, trained, observer| {
        let name = run.name();
        clock.note(&format!("train {name}"), trained.seconds);
        results.training.extend(trained.epochs);
        write_csv(&out.join("training.csv"), &results.training)?;
        let model = trained.model;
        let checkpoint = model.graph().to_safetensors(model.params())?;
        write_atomically(&out.join(format!("checkpoints/{name}.safetensors")), &checkpoint)?;

        observer.on(Event::Stage(&format!("{name}: attacks and measurements")));
        let measured = clock.time(&format!("measure {name}"), || {
            let (epsilons, rhos) = (&preset.epsilons, &preset.rhos);
            machine.with_model(&model, |model| measure(model, &test, epsilons, rhos, preset.sharpness_batch))
        });
        results.add(run, preset, measured?, &test)?;
        if preset.spectrum_images > 0 {
            observer.on(Event::Stage(&format!("{name}: curvature")));
            let found = clock.time(&format!("curvature {name}"), || spectra(run, &model, preset, &trained.set))?;
            results.curvature.extend(found.curvature);
            results.densities.extend(found.densities);
        }
        if is_attacked(run) && preset.attacked_images > 0 {
            observer.on(Event::Stage(&format!("{name}: stronger attacks")));
            let stood = clock.time(&format!("attack {name}"), || {
                machine.with_model(&model, |model| robustness(run, model, preset, &test))
            })?;
            results.robustness.extend(stood.table);
            results.curves.extend(stood.curves);
        }
        models.push((run.clone(), model));
        Ok(())
    })?;
    observer.on(Event::Stage("transfer and masked gradients"));
    results.transfer = clock.time("transfer", || transfer(&models, preset, &test))?;
    results.masking = clock.time("masked gradients", || masking(&models, preset, &test))?;
    observer.on(Event::Stage("tables, figures and report"));
    let written = clock.time("tables, figures and report", || results.write(name, preset, data, out));
    let summary = written?;
    let manifest = Manifest::new(name, preset, machine, &data.hashes, &clock);
    write_atomically(&out.join("manifest.json"), &manifest.to_json()?)?;
    Ok(Reproduced { summary })
}

impl Results {
    fn add(
        &mut self,
        run: &Run,
        preset: &Preset,
        measured: Measurement,
        test: &TestSet,
    ) -> Result<(), ExperimentError> {
        let (dataset, optimizer, seed) = (run.dataset.name(), run.optimizer.as_str(), run.seed);
        let clean = run.dataset == DatasetKind::Clean;
        let fgsm = if clean { &mut self.clean_fgsm } else { &mut self.poisoned_fgsm };
        for attack in &measured.fgsm {
            let (correct, successes) = (measured.correct as u32, attack.successes as u32);
            fgsm.push(FgsmRow::new(dataset, optimizer, seed, attack.epsilon, correct, successes)?);
        }
        for (quantity, values) in [
            (Quantity::InputGradientNorm, &measured.input_gradient_norms),
            (Quantity::LogitMargin, &measured.logit_margins),
        ] {
            let summary = Summary::of(values)?;
            self.distributions.push(DistributionRow::new(dataset, optimizer, seed, quantity, &summary)?);
        }
        if !clean {
            return Ok(());
        }
        for s in &measured.sharpness {
            self.sharpness.push(SharpnessRow::new(optimizer, seed, s.rho, s.scope, s.mean, s.median)?);
        }
        if preset.seeds.first() == Some(&seed) {
            self.pairs.extend(measured.pairs(optimizer, test));
            let samples = |values| Samples { optimizer: optimizer.to_owned(), values };
            self.gradient_norms.push(samples(measured.input_gradient_norms));
            self.margins.push(samples(measured.logit_margins));
        }
        Ok(())
    }

    /// Writes all files but the manifest; returns the tables for a terminal.
    fn write(self, name: &str, preset: &Preset, data: &Mnist, out: &Path) -> Result<String, ExperimentError> {
        let tables = out.join("tables");
        write_csv(&tables.join("table1.csv"), &self.clean_fgsm)?;
        write_csv(&tables.join("table2.csv"), &self.poisoned_fgsm)?;
        write_csv(&tables.join("table3.csv"), &self.sharpness)?;
        write_csv(&tables.join("distributions.csv"), &self.distributions)?;
        if preset.attacked_images > 0 {
            write_csv(&tables.join("robustness.csv"), &self.robustness)?;
            write_csv(&tables.join("robustness_curves.csv"), &self.curves)?;
            write_csv(&tables.join("transfer.csv"), &self.transfer)?;
            write_csv(&tables.join("masking.csv"), &self.masking)?;
        }

        if preset.spectrum_images > 0 {
            write_csv(&tables.join("curvature.csv"), &self.curvature)?;
            write_csv(&tables.join("spectral_density.csv"), &self.densities)?;
        }

        let as_published = preset.is_the_papers() && data.is_the_committed();
        let figures = self.draw(as_published, &out.join("figures"))?;
        let input = ReportInput {
            preset: name,
            seeds: &preset.seeds,
            training: &self.training,
            table1: &self.clean_fgsm,
            table2: &self.poisoned_fgsm,
            table3: &self.sharpness,
            curvature: &self.curvature,
            distributions: &self.distributions,
            robustness: &self.robustness,
            transfer: &self.transfer,
            masking: &self.masking,
            figures: &figures,
            notes: &[],
            paper_configuration: as_published,
        };
        write_atomically(&out.join("report.md"), report(&input)?.as_bytes())?;

        let mut summary = String::new();
        if !as_published {
            summary.push_str(
                "This is not the paper's configuration: its numbers stand beside these for orientation only.\n\n",
            );
        }
        for (title, table) in [
            ("Table 1: FGSM, trained on clean labels", fgsm_table(&self.clean_fgsm)?),
            ("Table 2: FGSM, trained on poisoned labels", fgsm_table(&self.poisoned_fgsm)?),
            ("Table 3: loss increase under weight perturbation, clean labels", sharpness_table(&self.sharpness)?),
            ("Curvature of the training loss at the end", curvature_table(&self.curvature)),
            ("Stronger attacks: images that stand, clean labels", robustness_table(&self.robustness)),
        ] {
            if !table.rows.is_empty() {
                summary.push_str(&format!("{title}\n{}\n", table.to_text()));
            }
        }
        Ok(summary)
    }

    /// Draws the figures that there is data for; returns their names.
    fn draw(&self, with_paper: bool, folder: &Path) -> Result<Vec<String>, ExperimentError> {
        let mut names = Vec::new();
        let shown = |samples: &[Samples]| -> Vec<Samples> {
            let of = |name: &&str| samples.iter().find(|s| s.optimizer == **name).cloned();
            [ADAM, PUBLISHED, MEAN].iter().filter_map(of).collect()
        };
        let dataset = || DatasetKind::Clean.name().to_owned();
        if !self.pairs.is_empty() {
            let shown = |p: &&AdversarialExample| p.optimizer == ADAM || p.optimizer == PUBLISHED;
            let mut examples: Vec<_> = self.pairs.iter().filter(shown).cloned().collect();
            if examples.is_empty() {
                examples.clone_from(&self.pairs);
            }
            names.push(drawn(folder, &AdversarialPairs { examples })?);
        }
        let samples = shown(&self.gradient_norms);
        if !samples.is_empty() {
            names.push(drawn(folder, &InputGradientNorms { dataset: dataset(), samples })?);
            names.push(drawn(folder, &LogitMargins { dataset: dataset(), samples: shown(&self.margins) })?);
        }
        let first = self.curves.first().map(|row| row.seed);
        let curves: Vec<_> = self.curves.iter().filter(|row| Some(row.seed) == first).cloned().collect();
        if !curves.is_empty() {
            names.push(drawn(folder, &RobustAccuracy { dataset: dataset(), rows: curves })?);
        }
        let of_hessian = |row: &&SpectralDensityRow| {
            (row.matrix, row.normalised) == (CurvatureMatrix::Hessian, false)
                && row.dataset == DatasetKind::Clean.name()
        };
        let first = self.densities.first().map(|row| row.seed);
        let rows: Vec<_> =
            self.densities.iter().filter(of_hessian).filter(|row| Some(row.seed) == first).cloned().collect();
        if !rows.is_empty() {
            let images = self.curvature.iter().map(|row| row.images).max().unwrap_or(0);
            names.push(drawn(folder, &SpectralDensityFigure { dataset: dataset(), rows, images })?);
        }
        names.push(drawn(folder, &TrainingCurves { rows: self.training.clone(), with_paper })?);
        Ok(names)
    }
}

fn drawn<F: figures::Figure>(folder: &Path, figure: &F) -> Result<String, ExperimentError> {
    figures::write(folder, figure)?;
    Ok(figure.name().to_owned())
}

impl Preset {
    /// Whether it is the paper's own configuration, whose numbers can be held against the paper's.
    fn is_the_papers(&self) -> bool {
        Self::named("paper", &[]).is_ok_and(|paper| {
            let same = |name: &str| paper.optimizers.get(name) == self.optimizers.get(name);
            self.seeds.contains(&paper::SEED)
                && (self.epochs, self.batch_size) == (paper.epochs, paper.batch_size)
                && (self.train_images, self.test_images) == (paper.train_images, paper.test_images)
                && paper.optimizers.keys().all(|name| !self.optimizers.contains_key(name) || same(name))
        })
    }
}
