//! What an experiment has measured, and the tables and figures it becomes.

use crate::atomic_file::{AtomicWriteError, remove_if_there};
use crate::data_identity::DataIdentity;
use crate::error::ExperimentError;
use crate::figures::{
    self, AdversarialPairs, InputGradientNorms, LogitMargins, RobustAccuracy, Samples, SpectralDensityFigure,
    TrainingCurves,
};
use crate::histograms::histograms;
use crate::measurement::Measurement;
use crate::optimizers::{ADAM, MEAN, PUBLISHED};
use crate::preset::{DatasetKind, Preset};
use crate::records::{
    AdversarialExample, AdversarialRow, CLEAN, CurvatureMatrix, CurvatureRow, DistributionRow, FgsmRow, MaskingRow,
    Quantity, Record, RobustnessRow, SharpnessRow, SpectralDensityRow, TrainingRow, TransferRow, write_csv,
};
use crate::results::{DataSet, FIGURES};
use crate::tables::Beside;
use crate::training::Run;
use minima_data::Mnist;
use minima_metrics::Summary;
use std::path::Path;

/// Everything measured so far.
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
    pub(super) masking: Vec<MaskingRow>,
    pub(super) transfer: Vec<TransferRow>,
    pub(super) curvature: Vec<CurvatureRow>,
    pub(super) densities: Vec<SpectralDensityRow>,
}

impl Measured {
    /// Takes in what was measured of one model.
    pub(super) fn add(
        &mut self,
        run: &Run,
        preset: &Preset,
        measured: Measurement,
        pairs: Vec<AdversarialExample>,
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
            self.pairs.extend(pairs);
            let samples = |values| Samples { optimizer: optimizer.to_owned(), values };
            self.gradient_norms.push(samples(measured.input_gradient_norms));
            self.margins.push(samples(measured.logit_margins));
        }
        Ok(())
    }

    /// Writes the tables and figures. Those that an earlier run left and this one does not have are taken away.
    pub(super) fn write(&self, preset: &Preset, data: &Mnist, out: &Path) -> Result<(), ExperimentError> {
        let tables = out.join("tables");
        write_csv(&tables.join("table1.csv"), &self.clean_fgsm)?;
        write_csv(&tables.join("table2.csv"), &self.poisoned_fgsm)?;
        write_csv(&tables.join("table3.csv"), &self.sharpness)?;
        write_csv(&tables.join("distributions.csv"), &self.distributions)?;
        let seed = preset.seeds.first().copied().unwrap_or_default();
        let pairs = self.pairs.iter().map(|pair| AdversarialRow::new(CLEAN, seed, pair));
        write_or_remove(&tables.join("adversarial.csv"), &pairs.collect::<Vec<_>>())?;
        let dataset = || CLEAN.to_owned();
        let beside = if DataSet::of(&DataIdentity::of(data)).is_the_papers() { Beside::Paper } else { Beside::Nothing };
        let norms = InputGradientNorms { dataset: dataset(), beside, samples: self.gradient_norms.clone() };
        let margins = LogitMargins { dataset: dataset(), beside, samples: self.margins.clone() };
        write_or_remove(&tables.join("histograms.csv"), &histograms(seed, &norms, &margins))?;
        write_or_remove(&tables.join("robustness.csv"), &self.robustness)?;
        write_or_remove(&tables.join("robustness_curves.csv"), &self.curves)?;
        write_or_remove(&tables.join("transfer.csv"), &self.transfer)?;
        write_or_remove(&tables.join("masking.csv"), &self.masking)?;
        write_or_remove(&tables.join("curvature.csv"), &self.curvature)?;
        write_or_remove(&tables.join("spectral_density.csv"), &self.densities)?;

        let figures = out.join("figures");
        let drawn = self.draw(preset.is_the_papers() && beside == Beside::Paper, beside, &figures)?;
        for name in FIGURES.iter().filter(|name| !drawn.iter().any(|drawn| drawn == *name)) {
            for ending in ["svg", "png"] {
                remove(&figures.join(format!("{name}.{ending}")))?;
            }
        }
        Ok(())
    }

    /// Draws the figures that there is data for; returns their names.
    fn draw(&self, with_paper: bool, beside: Beside, folder: &Path) -> Result<Vec<String>, ExperimentError> {
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
            names.push(drawn(folder, &InputGradientNorms { dataset: dataset(), beside, samples })?);
            names.push(drawn(folder, &LogitMargins { dataset: dataset(), beside, samples: shown(&self.margins) })?);
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

/// Writes a file that has rows; takes one away that would have none.
fn write_or_remove<R: Record>(path: &Path, rows: &[R]) -> Result<(), ExperimentError> {
    if rows.is_empty() { remove(path) } else { Ok(write_csv(path, rows)?) }
}

fn remove(path: &Path) -> Result<(), ExperimentError> {
    let failed = |source| AtomicWriteError { path: path.to_owned(), step: "taking an earlier one away", source };
    Ok(remove_if_there(path).map_err(failed)?)
}
