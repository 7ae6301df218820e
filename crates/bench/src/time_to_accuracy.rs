//! Measures how many steps and seconds each optimizer takes to reach a test accuracy.

use minima_autodiff::Model;
use minima_config::preset::Preset;
use minima_config::{Labels, Run, training_set};
use minima_data::Splits;
use minima_metrics::evaluate;
use minima_rows::optimizers::{distinct, label};
use minima_rows::{PaceRow, Table, TimeToAccuracyRow};
use minima_runs::observer::{Event, Observer};
use minima_runs::training::{Training, Visitor};
use minima_runs::{RunError, TestSet};
use std::cell::RefCell;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// Number of steps between tests.
pub const EVERY: u64 = 25;

/// Trains every optimizer of a preset until it reaches the test accuracy `target` or the preset's epochs are over.
///
/// Training uses clean labels, the first seed and single precision on the CPU. Returns the test accuracy every [`EVERY`] steps
/// and after the last step. The tests are not timed.
///
/// # Errors
/// Returns [`RunError`] if the preset needs more images than there are or a run fails.
pub fn measure(
    preset: &Preset,
    data: &Splits,
    target: f64,
    observer: &mut dyn Observer,
) -> Result<Vec<PaceRow>, RunError> {
    preset.check_against(data)?;
    let test = TestSet::new(&data.test.take(preset.test_images));
    let names = preset.optimizer_names();
    let steps = preset.steps(preset.train_images);
    let mut rows = Vec::new();
    for (number, name) in (1..).zip(&names) {
        let run = Run { labels: Labels::Clean, optimizer: (*name).to_owned(), seed: preset.first_seed() };
        observer.on(Event::RunStarted { run: name, number, of: names.len(), steps });
        let start = Instant::now();
        race(preset, &run, data, &test, target, &mut rows, observer)?;
        observer.on(Event::RunEnded { run: name, seconds: start.elapsed().as_secs_f64() });
    }
    Ok(rows)
}

fn race(
    preset: &Preset,
    run: &Run,
    data: &Splits,
    test: &TestSet,
    target: f64,
    rows: &mut Vec<PaceRow>,
    observer: &mut dyn Observer,
) -> Result<(), RunError> {
    let train = training_set(preset, run, data)?;
    let clock = RefCell::new(Clock { spent: Duration::ZERO, since: Instant::now() });
    let all = preset.steps(train.len());
    let mut visitor = TestEvery { clock: &clock, optimizer: &run.optimizer, test, target, all, rows };
    let mut observer = Timed { clock: &clock, observer };
    Training { preset, run, train: &train, test, validation: None, keep: None }.run(&mut observer, &mut visitor)?;
    Ok(())
}

/// The time of the steps, without the tests between them.
struct Clock {
    spent: Duration,
    since: Instant,
}

/// Passes events on, and times the steps.
struct Timed<'a> {
    clock: &'a RefCell<Clock>,
    observer: &'a mut dyn Observer,
}

impl Observer for Timed<'_> {
    fn on(&mut self, event: Event<'_>) {
        let mut clock = self.clock.borrow_mut();
        if matches!(event, Event::Step { .. }) {
            let elapsed = clock.since.elapsed();
            clock.spent += elapsed;
        }
        // The tests after the epochs are not shown, and take no part in the time.
        if !matches!(event, Event::Epoch(_)) {
            self.observer.on(event);
        }
        clock.since = Instant::now();
    }
}

/// Tests the model every [`EVERY`] steps and after the last.
struct TestEvery<'a> {
    clock: &'a RefCell<Clock>,
    optimizer: &'a str,
    test: &'a TestSet,
    target: f64,
    all: u64,
    rows: &'a mut Vec<PaceRow>,
}

impl Visitor for TestEvery<'_> {
    fn wants(&self, step: u64) -> bool {
        step.is_multiple_of(EVERY) || step == self.all
    }

    fn visit(&mut self, step: u64, model: &Model<f32>) -> Result<ControlFlow<()>, RunError> {
        let test_accuracy = evaluate(model, self.test.images.view(), &self.test.labels)?.accuracy();
        let mut clock = self.clock.borrow_mut();
        let (optimizer, seconds) = (self.optimizer.to_owned(), clock.spent.as_secs_f64());
        self.rows.push(PaceRow { optimizer, step, seconds, test_accuracy });
        clock.since = Instant::now();
        Ok(if test_accuracy >= self.target { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}

/// When each optimizer was first seen at the accuracy.
#[must_use]
pub fn first_reached(rows: &[PaceRow], target: f64) -> Vec<TimeToAccuracyRow> {
    let names = distinct(rows.iter().map(|row| row.optimizer.as_str()));
    let of = |name: &str| {
        let own = || rows.iter().filter(|row| row.optimizer == name);
        let first = own().find(|row| row.test_accuracy >= target);
        let last = own().max_by_key(|row| row.step);
        TimeToAccuracyRow {
            optimizer: name.to_owned(),
            target,
            steps: first.map(|row| row.step),
            seconds: first.map(|row| row.seconds),
            step_ms: last.map_or(f64::NAN, |row| 1e3 * row.seconds / row.step as f64),
            best_accuracy: own().map(|row| row.test_accuracy).fold(0.0, f64::max),
        }
    };
    names.into_iter().map(of).collect()
}

/// The rows as a text table.
#[must_use]
pub fn table(rows: &[TimeToAccuracyRow]) -> Table {
    let mut table = Table::new(&["optimizer", "steps", "seconds", "ms a step", "best test accuracy"]);
    for row in rows {
        table.rows.push(vec![
            label(&row.optimizer).to_owned(),
            row.steps.map_or_else(|| "not reached".to_owned(), |steps| steps.to_string()),
            row.seconds.map_or_else(String::new, |seconds| format!("{seconds:.2}")),
            format!("{:.2}", row.step_ms),
            format!("{:.4}", row.best_accuracy),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_at_the_target_counts() {
        let row = |optimizer: &str, step, seconds, test_accuracy| PaceRow {
            optimizer: optimizer.to_owned(),
            step,
            seconds,
            test_accuracy,
        };
        let rows = [row("adam", 25, 0.5, 0.9), row("adam", 50, 1.0, 0.97), row("sgd", 25, 0.4, 0.5)];
        let reached = first_reached(&rows, 0.97);
        assert_eq!((reached[0].optimizer.as_str(), reached[0].steps), ("sgd", None));
        assert_eq!((reached[1].steps, reached[1].seconds, reached[1].step_ms), (Some(50), Some(1.0), 20.0));
        assert_eq!(reached[1].best_accuracy, 0.97);
    }
}
