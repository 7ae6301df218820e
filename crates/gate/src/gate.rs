//! What the gate trains, measures and compares.

use crate::error::GateError;
use minima_baseline::{Baseline, Comparison, Moved, Number};
use minima_config::Labels;
use minima_config::preset::Preset;
use minima_data::Splits;
use minima_runs::RunError;
use minima_runs::machine::Machine;
use minima_runs::measurement::measure;
use minima_runs::observer::Observer;
use minima_runs::{TestSet, train_all};
use std::path::Path;

/// The networks of the gate beside the paper's: they are trained by Adam on clean labels, for two hundred small steps.
const NETWORKS: [&str; 2] = ["resnet20", "vit"];
/// What differs from the preset `check` for these networks.
const SMALLER: [&str; 5] = ["epochs=2", "batch_size=16", "train_images=1600", "test_images=200", "labels=[\"clean\"]"];
/// Their optimizer.
const OPTIMIZER: &str = "adam";

/// Result of the gate.
#[derive(Clone, Debug)]
pub struct GateResult {
    /// Every number next to its recorded value, as a text table.
    pub table: String,
    /// Numbers that are outside their tolerance, missing, or not recorded.
    pub moved: Vec<Moved>,
}

/// A subset of the gate's runs.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The optimizers, by their names in the preset `check`.
    pub optimizers: &'a [&'a str],
    /// The training labels.
    pub labels: &'a [Labels],
}

impl Part<'_> {
    /// Whether this is the name of a number of this part, of the network `paper-cnn`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        let runs = self.labels.iter().flat_map(|labels| self.optimizers.iter().map(move |name| (labels, name)));
        let mut starts = runs.map(|(labels, optimizer)| format!("paper-cnn {} {optimizer} ", labels.name()));
        starts.any(|start| name.starts_with(&start))
    }
}

/// Trains, measures, and compares with the values recorded in the file `baseline`.
///
/// # Errors
/// Returns [`GateError`] if the file cannot be read or a run fails.
pub fn check(baseline: &Path, data: &Splits, observer: &mut dyn Observer) -> Result<GateResult, GateError> {
    let recorded = Baseline::read(baseline)?;
    Ok(GateResult::of(&recorded.compare(&measure_everything(data, observer)?)))
}

/// Runs [`check`] for a subset of the runs.
///
/// # Errors
/// Returns the errors of [`check`], and [`GateError`] if the gate does not train an optimizer of `part`.
pub fn check_only(
    baseline: &Path,
    part: Part<'_>,
    data: &Splits,
    observer: &mut dyn Observer,
) -> Result<GateResult, GateError> {
    let mut preset = Preset::named("check", &[]).map_err(RunError::from)?;
    part.optimizers.iter().try_for_each(|name| preset.optimizer(name).map(drop)).map_err(RunError::from)?;
    preset.optimizers.retain(|name, _| part.optimizers.contains(&name.as_str()));
    preset.labels.retain(|labels| part.labels.contains(labels));
    let recorded = Baseline::read(baseline)?.filtered(|name| part.has(name));
    Ok(GateResult::of(&recorded.compare(&measure_all(preset, data, observer)?)))
}

/// Trains, measures, and writes the file `baseline`. Tolerances from an existing file are preserved. Returns the number of
/// numbers.
///
/// # Errors
/// Returns [`GateError`] if a run fails, the file cannot be written, or an existing file cannot be read.
pub fn bless(baseline: &Path, data: &Splits, observer: &mut dyn Observer) -> Result<usize, GateError> {
    let numbers = measure_everything(data, observer)?;
    Baseline::record(baseline, &numbers)?;
    Ok(numbers.len())
}

impl GateResult {
    fn of(comparison: &Comparison) -> Self {
        Self { table: comparison.to_string(), moved: comparison.moved() }
    }
}

/// The numbers of the preset `check` and of [`NETWORKS`].
fn measure_everything(data: &Splits, observer: &mut dyn Observer) -> Result<Vec<Number>, RunError> {
    let mut numbers = measure_all(Preset::named("check", &[])?, data, observer)?;
    for network in NETWORKS {
        let set: Vec<String> =
            SMALLER.iter().map(|&set| set.to_owned()).chain([format!("network={network}")]).collect();
        let mut preset = Preset::named("check", &set)?;
        preset.optimizers.retain(|name, _| name == OPTIMIZER);
        numbers.extend(measure_all(preset, data, observer)?);
    }
    Ok(numbers)
}

/// Measures the last epoch and the attacks of each run of the preset.
fn measure_all(preset: Preset, data: &Splits, observer: &mut dyn Observer) -> Result<Vec<Number>, RunError> {
    let preset = &preset.on_data(data)?;
    let network = preset.network.name();
    let test = TestSet::new(&data.test.take(preset.test_images));
    let mut numbers = Vec::new();
    train_all(&Machine::Processor, preset, data, &test, observer, |run, trained, _| {
        let measured = measure(&trained.model, &test, &preset.epsilons, &[], preset.sharpness_batch)?;
        let mut push = |quantity: &str, value: f64, tolerance: f64| {
            let name = format!("{network} {} {} {quantity}", run.labels.name(), run.optimizer);
            numbers.push(Number { name, value, tolerance });
        };
        if let Some(last) = trained.epochs.last() {
            push("train_loss", rounded(last.train_loss), 0.01);
            push("train_accuracy", rounded(last.train_accuracy), 0.005);
            push("test_loss", rounded(last.test_loss), 0.01);
        }
        push("correct", measured.correct as f64, 10.0);
        for attack in &measured.fgsm {
            let successes = attack.misclassified.count() as f64;
            push(&format!("fgsm_successes_{}", attack.epsilon), successes, (3.0 + 0.02 * successes).round());
        }
        Ok(())
    })?;
    Ok(numbers)
}

/// Rounds to six decimals, so that diffs of the baseline stay readable.
fn rounded(x: f64) -> f64 {
    (x * 1e6).round() / 1e6
}
