//! The regression gate: trains each optimizer briefly and compares losses, accuracies and FGSM counts with recorded values.

use minima_config::Labels;
use minima_config::preset::Preset;
use minima_data::Splits;
use minima_rows::Table;
use minima_rows::significant::{decimal, shortest};
use minima_rows::{Record, read_csv, to_csv};
use minima_runs::RunError;
use minima_runs::machine::Machine;
use minima_runs::measurement::measure;
use minima_runs::observer::Observer;
use minima_runs::{TestSet, train_all};
use minima_store::write_atomically;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;

/// One recorded number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct BaselineRow {
    /// `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer's name.
    pub optimizer: String,
    /// Name of the measured quantity.
    pub quantity: String,
    /// The recorded value.
    pub value: f64,
    /// The largest accepted difference.
    pub tolerance: f64,
}

impl Record for BaselineRow {}

impl BaselineRow {
    fn name(&self) -> String {
        format!("{} {} {}", self.labels, self.optimizer, self.quantity)
    }

    fn is_same_number_as(&self, other: &Self) -> bool {
        (&self.labels, &self.optimizer, &self.quantity) == (&other.labels, &other.optimizer, &other.quantity)
    }
}

/// Result of the gate.
#[derive(Clone, Debug)]
pub struct GateResult {
    /// Every number next to its recorded value, as a text table.
    pub table: String,
    /// Numbers that are outside their tolerance, missing, or not recorded.
    pub moved: Vec<Moved>,
}

/// A number that differs from its recorded value by more than the tolerance.
#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    /// Labels, optimizer and quantity.
    pub name: String,
    /// The recorded value, if any.
    pub recorded: Option<f64>,
    /// The value measured now, if any.
    pub now: Option<f64>,
}

impl fmt::Display for Moved {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: Option<f64>, missing: &str| value.map_or_else(|| missing.to_owned(), number);
        let (was, now) = (shown(self.recorded, "not recorded"), shown(self.now, "not measured"));
        write!(formatter, "{} ({was} → {now})", self.name)
    }
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
    fn has(&self, row: &BaselineRow) -> bool {
        self.optimizers.contains(&row.optimizer.as_str()) && self.labels.iter().any(|d| d.name() == row.labels)
    }
}

/// Trains, measures, and compares with the values recorded in the file `baseline`.
///
/// # Errors
/// Returns [`RunError`] if the file cannot be read or a run fails.
pub fn check(baseline: &Path, data: &Splits, observer: &mut dyn Observer) -> Result<GateResult, RunError> {
    let recorded: Vec<BaselineRow> = read_csv(baseline)?;
    let measured = measure_all(&Preset::named("check", &[])?, data, observer)?;
    Ok(compare(&recorded, &measured))
}

/// Runs [`check`] for a subset of the runs.
///
/// # Errors
/// Returns the errors of [`check`], and [`RunError`] if the gate does not train an optimizer of `part`.
pub fn check_only(
    baseline: &Path,
    part: Part<'_>,
    data: &Splits,
    observer: &mut dyn Observer,
) -> Result<GateResult, RunError> {
    let mut preset = Preset::named("check", &[])?;
    part.optimizers.iter().try_for_each(|name| preset.optimizer(name).map(drop))?;
    preset.optimizers.retain(|name, _| part.optimizers.contains(&name.as_str()));
    preset.labels.retain(|labels| part.labels.contains(labels));
    let mut recorded: Vec<BaselineRow> = read_csv(baseline)?;
    recorded.retain(|row| part.has(row));
    Ok(compare(&recorded, &measure_all(&preset, data, observer)?))
}

/// Trains, measures, and writes the file `baseline`. Tolerances from an existing file are preserved. Returns the number of rows.
///
/// # Errors
/// Returns [`RunError`] if a run fails, the file cannot be written, or an existing file cannot be read.
pub fn bless(baseline: &Path, data: &Splits, observer: &mut dyn Observer) -> Result<usize, RunError> {
    let recorded: Vec<BaselineRow> = if baseline.exists() { read_csv(baseline)? } else { Vec::new() };
    let mut rows = measure_all(&Preset::named("check", &[])?, data, observer)?;
    for row in &mut rows {
        if let Some(old) = recorded.iter().find(|old| old.is_same_number_as(row)) {
            row.tolerance = old.tolerance;
        }
    }
    write_atomically(baseline, &to_csv(&rows)?)?;
    Ok(rows.len())
}

fn compare(recorded: &[BaselineRow], measured: &[BaselineRow]) -> GateResult {
    let mut table = Table::new(&["labels", "optimizer", "quantity", "recorded", "now", "moved", "tolerance", ""]);
    let mut moved = Vec::new();
    for now in measured {
        let old = recorded.iter().find(|old| old.is_same_number_as(now));
        let (cells, fine) = match old {
            Some(old) => {
                let by = now.value - old.value;
                // A NaN on either side makes the comparison false.
                let fine = by.abs() <= old.tolerance;
                ([number(old.value), number(by), number(old.tolerance)], fine)
            }
            None => (["not recorded".into(), String::new(), String::new()], false),
        };
        let [was, by, tolerance] = cells;
        let verdict = if fine { "ok" } else { "MOVED" }.to_owned();
        let (labels, optimizer, quantity) = (now.labels.clone(), now.optimizer.clone(), now.quantity.clone());
        table.rows.push(vec![labels, optimizer, quantity, was, number(now.value), by, tolerance, verdict]);
        if !fine {
            moved.push(Moved { name: now.name(), recorded: old.map(|old| old.value), now: Some(now.value) });
        }
    }
    for old in recorded.iter().filter(|old| !measured.iter().any(|now| now.is_same_number_as(old))) {
        moved.push(Moved { name: old.name(), recorded: Some(old.value), now: None });
    }
    GateResult { table: table.to_text(), moved }
}

fn number(x: f64) -> String {
    if x.fract() == 0.0 { shortest(x) } else { decimal(x, 4) }
}

/// Measures the last epoch and the attacks of each run of the preset.
fn measure_all(preset: &Preset, data: &Splits, observer: &mut dyn Observer) -> Result<Vec<BaselineRow>, RunError> {
    let test = TestSet::new(&data.test.take(preset.test_images));
    let mut rows = Vec::new();
    train_all(&Machine::Processor, preset, data, &test, observer, |run, trained, _| {
        let measured = measure(&trained.model, &test, &preset.epsilons, &[], preset.sharpness_batch)?;
        let mut push = |quantity: String, value: f64, tolerance: f64| {
            let (labels, optimizer) = (run.labels.name().to_owned(), run.optimizer.clone());
            rows.push(BaselineRow { labels, optimizer, quantity, value, tolerance });
        };
        if let Some(last) = trained.epochs.last() {
            push("train_loss".into(), rounded(last.train_loss), 0.01);
            push("train_accuracy".into(), rounded(last.train_accuracy), 0.005);
            push("test_loss".into(), rounded(last.test_loss), 0.01);
        }
        push("correct".into(), measured.correct as f64, 10.0);
        for attack in &measured.fgsm {
            let successes = attack.misclassified.count() as f64;
            push(format!("fgsm_successes_{}", attack.epsilon), successes, (3.0 + 0.02 * successes).round());
        }
        Ok(())
    })?;
    Ok(rows)
}

/// Rounds to six decimals, so that diffs of the baseline stay readable.
fn rounded(x: f64) -> f64 {
    (x * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(quantity: &str, value: f64) -> BaselineRow {
        let (labels, optimizer) = ("clean".to_owned(), "adam".to_owned());
        BaselineRow { labels, optimizer, quantity: quantity.to_owned(), value, tolerance: 0.1 }
    }

    #[test]
    fn what_moves_is_named() {
        let recorded = [row("a", 1.0), row("b", 1.0), row("gone", 1.0)];
        let same = compare(&recorded, &[row("a", 1.05), row("b", 0.95), row("gone", 1.0)]);
        assert!(same.moved.is_empty(), "{:?}", same.moved);
        let moved = compare(&recorded, &[row("a", 1.2), row("b", f64::NAN), row("new", 1.0)]).moved;
        let shown: Vec<String> = moved.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "clean adam a (1 → 1.2000)",
                "clean adam b (1 → NaN)",
                "clean adam new (not recorded → 1)",
                "clean adam gone (1 → not measured)"
            ]
        );
    }

    #[test]
    fn a_part_has_the_rows_of_its_runs() {
        let part = Part { optimizers: &["adam"], labels: &[Labels::Clean] };
        assert!(part.has(&row("a", 1.0)));
        assert!(!part.has(&BaselineRow { labels: "poisoned".to_owned(), ..row("a", 1.0) }));
        assert!(!part.has(&BaselineRow { optimizer: "sgd".to_owned(), ..row("a", 1.0) }));
    }
}
