//! A small grid search on held-out training images. The test set is not used.

use minima_config::Labels;
use minima_config::optimizer_spec::{OptimizerSpec, Point};
use minima_config::preset::{Preset, PresetError};
use minima_config::{Run, TrainingImages};
use minima_data::Splits;
use minima_optim::GgnVariant;
use minima_rows::Table;
use minima_rows::TuningRow;
use minima_rows::significant::{decimal, shortest};
use minima_runs::RunError;
use minima_runs::TestSet;
use minima_runs::machine::Machine;
use minima_runs::observer::{Event, Observer};
use minima_runs::training::{AtTheEnd, Training};

/// Number of held-out training images: the last ones of the training set.
pub(crate) const HELD_OUT: usize = 5_000;

/// The values to try.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Grid {
    /// η.
    pub learning_rates: Vec<f64>,
    /// λ, for optimizers with damping.
    pub dampings: Vec<f64>,
    /// ρ, for SAM.
    pub rhos: Vec<f64>,
}

impl Grid {
    /// The grid for an optimizer.
    #[must_use]
    pub(crate) fn of(spec: &OptimizerSpec) -> Self {
        let (learning_rates, dampings, rhos): (&[f64], &[f64], &[f64]) = match spec {
            OptimizerSpec::Sgd(_) => (&[0.03, 0.1, 0.3, 1.0], &[], &[]),
            OptimizerSpec::Adam(_) => (&[1e-3, 3e-3, 1e-2, 3e-2], &[], &[]),
            OptimizerSpec::Sam(_) => (&[3e-3, 1e-2], &[], &[0.01, 0.05, 0.1]),
            OptimizerSpec::Muon(_) => (&[0.01, 0.03, 0.1], &[], &[]),
            OptimizerSpec::GaussNewton(_)
            | OptimizerSpec::GaussNewtonTf32(_)
            | OptimizerSpec::GaussNewtonEmulated(_) => (&[0.03, 0.1, 0.3], &[0.01, 0.1, 1.0], &[]),
            OptimizerSpec::GaussNewtonCg(_) => (&[0.03, 0.1, 0.3], &[0.1, 0.3, 1.0], &[]),
            OptimizerSpec::Kfac(_) | OptimizerSpec::Ekfac(_) => {
                (&[0.001, 0.003, 0.01, 0.03], &[0.003, 0.01, 0.03, 0.1], &[])
            }
            // Nothing is known of a program's own optimizer but its learning rate.
            OptimizerSpec::Own(own) => (&[0.1, 0.3, 1.0, 3.0].map(|factor| factor * own.learning_rate), &[], &[]),
        };
        Self { learning_rates: learning_rates.to_vec(), dampings: dampings.to_vec(), rhos: rhos.to_vec() }
    }

    /// The grid's points for an optimizer: all combinations of the hyperparameters that the optimizer has.
    #[must_use]
    pub(crate) fn points(&self, spec: &OptimizerSpec) -> Vec<Point> {
        let has = spec.point();
        let values = |present: Option<f64>, values: &[f64]| -> Vec<Option<f64>> {
            match present {
                Some(own) if values.is_empty() => vec![Some(own)],
                Some(_) => values.iter().copied().map(Some).collect(),
                None => vec![None],
            }
        };
        let mut points = Vec::new();
        for &learning_rate in &self.learning_rates {
            for &damping in &values(has.damping, &self.dampings) {
                for &rho in &values(has.rho, &self.rhos) {
                    points.push(Point { learning_rate, damping, rho });
                }
            }
        }
        points
    }
}

/// The optimizers of a preset that have hyperparameters to search. Excluded are the published Gauss-Newton, its sum, and its
/// emulation, because the paper fixes their hyperparameters.
#[must_use]
pub(crate) fn tunable(preset: &Preset) -> Vec<String> {
    let free = |spec: &OptimizerSpec| match spec {
        OptimizerSpec::GaussNewton(spec) => spec.variant == GgnVariant::Mean,
        OptimizerSpec::GaussNewtonTf32(_) | OptimizerSpec::GaussNewtonEmulated(_) => false,
        _ => true,
    };
    let names = preset.optimizer_names().into_iter();
    names.filter(|name| preset.optimizer(name).is_ok_and(free)).map(str::to_owned).collect()
}

/// Trains each optimizer at every point of its grid and measures it on the held-out images.
///
/// Training uses the preset's training images without the last [`HELD_OUT`], the clean labels and the preset's first seed. `grid`
/// returns an optimizer's grid. The row of a failed run contains its error. `keep` receives all rows so far, before the first run
/// and after each run.
///
/// # Errors
/// Returns [`RunError`] if the preset has too few images or lacks an optimizer, a point is invalid, or `keep` fails.
pub(crate) fn tune(
    machine: &Machine,
    preset: &Preset,
    optimizers: &[String],
    grid: impl Fn(&OptimizerSpec) -> Grid,
    data: &Splits,
    mut keep: impl FnMut(&[TuningRow]) -> Result<(), RunError>,
    observer: &mut dyn Observer,
) -> Result<Vec<TuningRow>, RunError> {
    preset.check_against(data)?;
    if preset.train_images < HELD_OUT + preset.batch_size {
        return Err(PresetError::Value {
            key: "train_images".into(),
            found: preset.train_images.to_string(),
            expected: "at least the 5000 held-out images and one batch",
        }
        .into());
    }
    let (train, held_out) = TrainingImages::of(preset, data).train.split_at(preset.train_images - HELD_OUT);
    let held_out = TestSet::new(&held_out);
    let seed = preset.first_seed();
    let mut jobs = Vec::new();
    for name in optimizers {
        let spec = preset.optimizer(name)?;
        for point in grid(spec).points(spec) {
            let spec = spec.clone().at(&point);
            if let Some((option, found, expected)) = spec.nonsense() {
                let (key, found) = (format!("optimizers.{name}.{option}"), shortest(found));
                return Err(PresetError::Value { key, found, expected }.into());
            }
            jobs.push((name, spec, point));
        }
    }
    let mut rows = Vec::new();
    keep(&rows)?;
    for (number, (name, spec, point)) in (1..).zip(&jobs) {
        let run = Run { labels: Labels::Clean, optimizer: (*name).clone(), seed };
        let mut preset = preset.clone();
        preset.optimizers.insert((*name).clone(), spec.clone().into());
        let title = format!("{name} {} (tested on held-out images)", described(point));
        let steps = preset.steps(train.len());
        observer.on(Event::RunStarted { run: &title, number, of: jobs.len(), steps });
        let training =
            Training { preset: &preset, run: &run, train: &train, test: &held_out, validation: None, keep: None };
        let outcome = machine.train(&training, observer, &mut AtTheEnd);
        rows.push(row(&run, point, preset.epochs, outcome.map(|(_, epochs)| epochs)));
        choose(&mut rows);
        keep(&rows)?;
    }
    Ok(rows)
}

/// "η 0.1, λ 0.01".
fn described(point: &Point) -> String {
    let mut text = format!("η {}", point.learning_rate);
    for (name, value) in [("λ", point.damping), ("ρ", point.rho)] {
        if let Some(value) = value {
            text.push_str(&format!(", {name} {value}"));
        }
    }
    text
}

fn row(run: &Run, point: &Point, epochs: u32, outcome: Result<Vec<minima_rows::TrainingRow>, RunError>) -> TuningRow {
    let (last, failure) = match outcome {
        Ok(rows) => (rows.into_iter().next_back(), String::new()),
        Err(error) => (None, error.to_string()),
    };
    TuningRow {
        optimizer: run.optimizer.clone(),
        learning_rate: point.learning_rate,
        damping: point.damping,
        rho: point.rho,
        seed: run.seed,
        epochs,
        train_loss: last.as_ref().map(|row| row.train_loss),
        held_out_loss: last.as_ref().map(|row| row.test_loss),
        held_out_accuracy: last.as_ref().map(|row| row.test_accuracy),
        chosen: false,
        failure,
    }
}

/// Marks each optimizer's point with the highest accuracy on the held-out images. Ties are broken by the lowest loss.
fn choose(rows: &mut [TuningRow]) {
    let key = |row: &TuningRow| match (row.held_out_accuracy, row.held_out_loss) {
        (Some(accuracy), Some(loss)) if loss.is_finite() => (accuracy, -loss),
        _ => (-1.0, f64::NEG_INFINITY),
    };
    for index in 0..rows.len() {
        let own = key(&rows[index]);
        let beaten = rows.iter().enumerate().any(|(other, row)| {
            row.optimizer == rows[index].optimizer && (key(row) > own || (key(row) == own && other < index))
        });
        rows[index].chosen = own.0 >= 0.0 && !beaten;
    }
}

/// The rows as a text table.
#[must_use]
pub(crate) fn table(rows: &[TuningRow]) -> Table {
    let mut table = Table::new(&["optimizer", "η", "λ", "ρ", "train loss", "held-out loss", "held-out accuracy", ""]);
    let optional = |value: Option<f64>| value.map_or_else(String::new, shortest);
    let measured = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| decimal(value, 4));
    for row in rows {
        let verdict = if row.chosen { "chosen" } else { row.failure.as_str() };
        table.rows.push(vec![
            row.optimizer.clone(),
            shortest(row.learning_rate),
            optional(row.damping),
            optional(row.rho),
            measured(row.train_loss),
            measured(row.held_out_loss),
            measured(row.held_out_accuracy),
            verdict.to_owned(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(optimizer: &str, accuracy: Option<f64>, loss: f64) -> TuningRow {
        TuningRow {
            optimizer: optimizer.to_owned(),
            learning_rate: 0.1,
            damping: None,
            rho: None,
            seed: 1,
            epochs: 1,
            train_loss: None,
            held_out_loss: accuracy.map(|_| loss),
            held_out_accuracy: accuracy,
            chosen: false,
            failure: if accuracy.is_some() { String::new() } else { "failed".to_owned() },
        }
    }

    #[test]
    fn the_best_of_each_optimizer_is_chosen_once() {
        let mut rows = [
            row("a", Some(0.9), 0.3),
            row("a", Some(0.95), 0.3),
            row("a", Some(0.95), 0.2),
            row("a", Some(0.95), 0.2),
            row("b", None, 0.0),
            row("b", Some(0.0), f64::NAN),
            row("b", Some(0.0), f64::NAN),
            row("c", Some(0.1), 0.9),
        ];
        choose(&mut rows);
        assert_eq!(rows.each_ref().map(|row| row.chosen), [false, false, true, false, false, false, false, true]);
    }

    #[test]
    fn points_are_what_the_optimizer_has() {
        let preset = Preset::named("extended", &[]).unwrap();
        for (name, count) in [("sgd", 4), ("sam", 6), ("kfac", 16), ("gauss-newton-cg", 9)] {
            let spec = preset.optimizer(name).unwrap();
            let points = Grid::of(spec).points(spec);
            assert_eq!(points.len(), count, "{name}");
            for point in points {
                assert_eq!(spec.clone().at(&point).point(), point);
            }
        }
        let names = tunable(&preset);
        assert!(names.contains(&"gauss-newton".to_owned()) && !names.contains(&"gauss-newton-published".to_owned()));
    }
}
