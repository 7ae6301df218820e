//! The measurements of an experiment, and its tables and figures.

use crate::error::CommandError;
use minima_config::DataIdentity;
use minima_config::Labels;
use minima_config::Run;
use minima_config::preset::Preset;
use minima_data::Splits;
use minima_paper::PAPER;
use minima_report::figures::{
    self, AdversarialPairs, CertifiedAccuracy, InputGradientNorms, LogitMargins, RobustAccuracy, Samples,
    SpectralDensityFigure, TrainingCurves, WithOptimizers,
};
use minima_report::histograms::histograms;
use minima_report::results::{DataSet, FIGURES};
use minima_report::{OwnOptimizer, Reference};
use minima_rows::optimizers::{ADAM, MEAN, PUBLISHED};
use minima_rows::{
    AdversarialExample, AdversarialRow, CLEAN, CertifiedAccuracyRow, CurvatureMatrix, CurvatureRow, DistributionRow,
    FgsmRow, MaskingRow, Record, RobustnessRow, SharpnessRow, SpectralDensityRow, TrainingRow, TransferRow, write_csv,
};
use minima_runs::RunError;
use minima_runs::measurement::Measurement;
use minima_store::{AtomicWriteError, remove_if_there};
use std::path::Path;

/// All measurements so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Measured {
    pub(super) training: Vec<TrainingRow>,
    clean_fgsm: Vec<FgsmRow>,
    poisoned_fgsm: Vec<FgsmRow>,
    sharpness: Vec<SharpnessRow>,
    distributions: Vec<DistributionRow>,
    gradient_norms: Vec<Samples>,
    margins: Vec<Samples>,
    pairs: Vec<AdversarialExample>,
    pub(super) robustness: Vec<RobustnessRow>,
    pub(super) curves: Vec<RobustnessRow>,
    pub(super) certified: Vec<CertifiedAccuracyRow>,
    pub(super) masking: Vec<MaskingRow>,
    pub(super) transfer: Vec<TransferRow>,
    pub(super) curvature: Vec<CurvatureRow>,
    pub(super) densities: Vec<SpectralDensityRow>,
}

impl Measured {
    /// Adds the measurements of one model.
    pub(super) fn add(
        &mut self,
        run: &Run,
        preset: &Preset,
        measured: Measurement,
        pairs: Vec<AdversarialExample>,
    ) -> Result<(), RunError> {
        let (labels, optimizer, seed) = (run.labels.name(), run.optimizer.as_str(), run.seed);
        let clean = run.labels == Labels::Clean;
        let mut rows = measured.rows(labels, optimizer, seed)?;
        if clean { &mut self.clean_fgsm } else { &mut self.poisoned_fgsm }.append(&mut rows.fgsm);
        self.distributions.append(&mut rows.distributions);
        if !clean {
            return Ok(());
        }
        self.sharpness.append(&mut rows.sharpness);
        if preset.seeds.first() == Some(&seed) {
            self.pairs.extend(pairs);
            let samples = |values| Samples { optimizer: optimizer.to_owned(), values };
            self.gradient_norms.push(samples(measured.input_gradient_norms));
            self.margins.push(samples(measured.logit_margins));
        }
        Ok(())
    }

    /// Writes the tables and figures. Those of an earlier run that this run lacks are removed.
    pub(super) fn write(&self, preset: &Preset, data: &Splits, out: &Path) -> Result<(), CommandError> {
        let tables = out.join("tables");
        write_csv(&tables.join("fgsm.csv"), &[self.clean_fgsm.as_slice(), &self.poisoned_fgsm].concat())?;
        write_csv(&tables.join("sharpness.csv"), &self.sharpness)?;
        write_csv(&tables.join("distributions.csv"), &self.distributions)?;
        let seed = preset.seeds.first().copied().unwrap_or_default();
        let pairs = self.pairs.iter().map(|pair| AdversarialRow::new(CLEAN, seed, pair));
        write_or_remove(&tables.join("adversarial.csv"), &pairs.collect::<Vec<_>>())?;
        let labels = || CLEAN.to_owned();
        let paper: &'static dyn Reference = &PAPER;
        let reference = Some(paper).filter(|paper| paper.is_about(&DataSet::of(&DataIdentity::of(data))));
        let norms = InputGradientNorms { labels: labels(), reference, samples: self.gradient_norms.clone() };
        let margins = LogitMargins { labels: labels(), reference, samples: self.margins.clone() };
        write_or_remove(&tables.join("histograms.csv"), &histograms(seed, &norms, &margins))?;
        write_or_remove(&tables.join("robustness.csv"), &self.robustness)?;
        write_or_remove(&tables.join("robustness_curves.csv"), &self.curves)?;
        write_or_remove(&tables.join("certified.csv"), &self.certified)?;
        write_or_remove(&tables.join("transfer.csv"), &self.transfer)?;
        write_or_remove(&tables.join("masking.csv"), &self.masking)?;
        write_or_remove(&tables.join("curvature.csv"), &self.curvature)?;
        write_or_remove(&tables.join("spectral_density.csv"), &self.densities)?;

        let figures = out.join("figures");
        let drawn = self.draw(
            reference,
            reference.filter(|paper| paper.is_configuration(preset)),
            &OwnOptimizer::all(preset),
            &data.class_names,
            &figures,
        )?;
        for name in FIGURES.iter().filter(|name| !drawn.iter().any(|drawn| drawn == *name)) {
            for ending in ["svg", "png"] {
                remove(&figures.join(format!("{name}.{ending}")))?;
            }
        }
        Ok(())
    }

    /// Draws the figures that have data. Returns their names.
    fn draw(
        &self,
        reference: Option<&'static dyn Reference>,
        judged: Option<&'static dyn Reference>,
        optimizers: &[OwnOptimizer],
        class_names: &[String],
        folder: &Path,
    ) -> Result<Vec<String>, CommandError> {
        let mut names = Vec::new();
        let place = (folder, optimizers);
        let shown = |samples: &[Samples]| -> Vec<Samples> {
            let of = |name: &&str| samples.iter().find(|s| s.optimizer == **name).cloned();
            [ADAM, PUBLISHED, MEAN].iter().filter_map(of).collect()
        };
        let labels = || Labels::Clean.name().to_owned();
        if !self.pairs.is_empty() {
            let shown = |p: &&AdversarialExample| p.optimizer == ADAM || p.optimizer == PUBLISHED;
            let mut examples: Vec<_> = self.pairs.iter().filter(shown).cloned().collect();
            if examples.is_empty() {
                examples.clone_from(&self.pairs);
            }
            names.push(drawn(place, &AdversarialPairs { examples, class_names: class_names.to_vec() })?);
        }
        let samples = shown(&self.gradient_norms);
        if !samples.is_empty() {
            names.push(drawn(place, &InputGradientNorms { labels: labels(), reference, samples })?);
            names.push(drawn(place, &LogitMargins { labels: labels(), reference, samples: shown(&self.margins) })?);
        }
        let first = self.curves.first().map(|row| row.seed);
        let curves: Vec<_> = self.curves.iter().filter(|row| Some(row.seed) == first).cloned().collect();
        if !curves.is_empty() {
            names.push(drawn(place, &RobustAccuracy { labels: labels(), rows: curves })?);
        }
        let first = self.certified.first().map(|row| row.seed);
        let rows: Vec<_> = self.certified.iter().filter(|row| Some(row.seed) == first).cloned().collect();
        if !rows.is_empty() {
            names.push(drawn(place, &CertifiedAccuracy { labels: labels(), rows })?);
        }
        let of_hessian = |row: &&SpectralDensityRow| {
            (row.matrix, row.normalised) == (CurvatureMatrix::Hessian, false) && row.labels == Labels::Clean.name()
        };
        let first = self.densities.first().map(|row| row.seed);
        let rows: Vec<_> =
            self.densities.iter().filter(of_hessian).filter(|row| Some(row.seed) == first).cloned().collect();
        if !rows.is_empty() {
            let images = self.curvature.iter().map(|row| row.images).max().unwrap_or(0);
            names.push(drawn(place, &SpectralDensityFigure { labels: labels(), rows, images })?);
        }
        names.push(drawn(place, &TrainingCurves { rows: self.training.clone(), reference: judged })?);
        Ok(names)
    }
}

fn drawn<F: figures::Figure>(
    (folder, optimizers): (&Path, &[OwnOptimizer]),
    figure: &F,
) -> Result<String, CommandError> {
    figures::write(folder, &WithOptimizers { figure, optimizers })?;
    Ok(figure.name().to_owned())
}

/// Writes a file. If there are no rows, removes it instead.
fn write_or_remove<R: Record>(path: &Path, rows: &[R]) -> Result<(), CommandError> {
    if rows.is_empty() { remove(path) } else { Ok(write_csv(path, rows)?) }
}

fn remove(path: &Path) -> Result<(), CommandError> {
    let failed = |source| AtomicWriteError { path: path.to_owned(), step: "removing the earlier file", source };
    Ok(remove_if_there(path).map_err(failed)?)
}
