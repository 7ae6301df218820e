//! `matched`: robustness at equal training loss, test accuracy or margin, which shows the effect of early stopping.

mod differences;

use crate::context::Context;
use crate::error::StudyError;
use crate::options::StudyOptions;
use differences::differences;
use minima_rows::in_order;
use minima_rows::optimizers::{GAUSS_NEWTONS, SGD, distinct};
use minima_rows::rate;
use minima_rows::{Basis, MatchRow, PathRow, write_csv};
use minima_runs::measured::along_the_path;

/// The quantities that are matched.
const BASES: [Basis; 3] = [Basis::TrainLoss, Basis::TestAccuracy, Basis::MeanMargin];

/// Writes `path.csv`, `matches.csv` and `differences.csv`.
pub(super) fn gather(context: &Context<'_>, options: &StudyOptions) -> Result<(), StudyError> {
    let (preset, data, test) = (&options.preset, context.data, &context.test);
    let paths =
        context.measure(&options.clean_runs()?, |job, run| Ok(along_the_path(run, job, preset, data, test)?))?;
    let rows: Vec<PathRow> = paths.into_iter().flat_map(|(_, rows)| rows).collect();
    write_csv(&context.folder.join("path.csv"), &rows)?;
    let matches = matches(&rows);
    write_csv(&context.folder.join("matches.csv"), &matches)?;
    Ok(write_csv(&context.folder.join("differences.csv"), &differences(&matches)?)?)
}

/// Matches the end point of SGD and of every Gauss-Newton with the equal point on each other path of the same seed.
#[must_use]
pub(crate) fn matches(rows: &[PathRow]) -> Vec<MatchRow> {
    let mut found = Vec::new();
    let optimizers = distinct(rows.iter().map(|row| row.optimizer.as_str()));
    for seed in in_order(rows.iter().map(|row| row.seed)) {
        for epsilon in in_order(rows.iter().map(|row| row.epsilon)) {
            let path = |optimizer: &str| {
                let own =
                    |row: &&PathRow| (row.optimizer.as_str(), row.seed, row.epsilon) == (optimizer, seed, epsilon);
                rows.iter().filter(own).collect::<Vec<_>>()
            };
            for reference in std::iter::once(SGD).chain(GAUSS_NEWTONS) {
                let Some(end) = path(reference).last().copied() else { continue };
                for optimizer in optimizers.iter().filter(|name| **name != reference) {
                    let other = path(optimizer);
                    for basis in BASES {
                        let value = basis.of(end);
                        let equal = first_at(&other, basis, value);
                        found.push(MatchRow {
                            reference: reference.to_owned(),
                            optimizer: (*optimizer).to_owned(),
                            seed,
                            basis,
                            value,
                            step: equal.map(|equal| equal.step),
                            epsilon,
                            reference_rate: rate(end.successes, end.correct),
                            rate: equal.map(|equal| equal.rate),
                            reference_test_loss: end.test_loss,
                            test_loss: equal.map(|equal| equal.test_loss),
                            reference_test_accuracy: end.test_accuracy,
                            test_accuracy: equal.map(|equal| equal.test_accuracy),
                        });
                    }
                }
            }
        }
    }
    found
}

/// A point of a path.
#[derive(Clone, Copy)]
struct Point {
    step: f64,
    rate: f64,
    test_loss: f64,
    test_accuracy: f64,
}

impl Point {
    fn of(row: &PathRow) -> Self {
        let (test_loss, test_accuracy) = (row.test_loss, row.test_accuracy);
        Self { step: row.step as f64, rate: rate(row.successes, row.correct), test_loss, test_accuracy }
    }

    /// The point on the straight line to another point, after a share of it.
    fn towards(self, other: Self, share: f64) -> Self {
        let between = |a: f64, b: f64| a + share * (b - a);
        Self {
            step: between(self.step, other.step),
            rate: between(self.rate, other.rate),
            test_loss: between(self.test_loss, other.test_loss),
            test_accuracy: between(self.test_accuracy, other.test_accuracy),
        }
    }
}

/// The point at which a path first reaches a value, interpolated linearly between checkpoints.
fn first_at(path: &[&PathRow], basis: Basis, value: f64) -> Option<Point> {
    // Losses decrease towards the value; accuracies and margins increase.
    let reached = |row: &PathRow| match basis {
        Basis::TrainLoss => basis.of(row) <= value,
        Basis::TestAccuracy | Basis::MeanMargin => basis.of(row) >= value,
    };
    let at = path.iter().position(|row| reached(row))?;
    let after = path.get(at)?;
    let Some(before) = at.checked_sub(1).and_then(|before| path.get(before)) else { return Some(Point::of(after)) };
    let (from, to) = (basis.of(before), basis.of(after));
    let share = if to == from { 1.0 } else { (value - from) / (to - from) };
    Some(Point::of(before).towards(Point::of(after), share))
}

#[cfg(test)]
mod tests {
    use super::*;
    use minima_rows::optimizers::PUBLISHED;

    fn row(optimizer: &str, step: u64, train_loss: f64, test_accuracy: f64, successes: u32) -> PathRow {
        PathRow {
            labels: "clean".to_owned(),
            optimizer: optimizer.to_owned(),
            seed: 1,
            step,
            train_loss,
            train_accuracy: 0.0,
            test_loss: 0.0,
            test_accuracy,
            mean_margin: test_accuracy,
            median_input_gradient_norm: 0.0,
            epsilon: 0.1,
            correct: 100,
            successes,
        }
    }

    #[test]
    fn equals_lie_between_checkpoints() {
        let rows = [
            row(PUBLISHED, 0, 2.3, 0.1, 90),
            row(PUBLISHED, 1000, 1.0, 0.9, 50),
            row("adam", 0, 2.3, 0.1, 95),
            row("adam", 50, 1.5, 0.8, 40),
            row("adam", 100, 0.5, 0.85, 60),
        ];
        let found = matches(&rows);
        assert_eq!(found.len(), 3);
        let by = |basis| found.iter().find(|row| row.basis == basis).unwrap();
        let loss = by(Basis::TrainLoss);
        // Half way from 1.5 to 0.5, and therefore half way from step 50 to 100 and from 40 % to 60 %.
        assert_eq!((loss.step, loss.rate, loss.reference_rate), (Some(75.0), Some(0.5), 0.5));
        // 0.9 is never reached.
        assert_eq!((by(Basis::TestAccuracy).step, by(Basis::TestAccuracy).rate), (None, None));
    }

    #[test]
    fn a_path_that_starts_beyond_counts_from_its_start() {
        let rows = [row(PUBLISHED, 10, 2.0, 0.2, 50), row("adam", 0, 1.9, 0.1, 20), row("adam", 50, 1.0, 0.3, 40)];
        let found = matches(&rows);
        let by = |basis| found.iter().find(|row| row.basis == basis).unwrap();
        assert_eq!((by(Basis::TrainLoss).step, by(Basis::TrainLoss).rate), (Some(0.0), Some(0.2)));
        // Half way from 0.1 to 0.3, up to the rounding of these.
        let half_way = by(Basis::TestAccuracy);
        assert!((half_way.step.unwrap() - 25.0).abs() < 1e-12 && (half_way.rate.unwrap() - 0.3).abs() < 1e-12);
    }
}
