//! Tolerances within which a run agrees with the paper's numbers.

use crate::numbers;
use minima_rows::optimizers::{ADAM, PUBLISHED, PUBLISHED_TF32, SGD, paper_counterpart};
use minima_rows::{FgsmRow, TrainingRow, same};

/// The largest accepted differences between a training curve and the paper's curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct CurveBand {
    /// Largest accepted difference in train loss.
    pub train_loss: f64,
    /// Largest accepted difference in train accuracy.
    pub train_accuracy: f64,
    /// Largest accepted difference in test accuracy.
    pub test_accuracy: f64,
}

/// The band for an optimizer; `None` if the paper has no curve for it.
pub(crate) fn curve_band(optimizer: &str) -> Option<CurveBand> {
    match optimizer {
        SGD | ADAM => Some(CurveBand { train_loss: 0.001, train_accuracy: 0.002, test_accuracy: 0.002 }),
        PUBLISHED | PUBLISHED_TF32 => {
            Some(CurveBand { train_loss: 0.006, train_accuracy: 0.004, test_accuracy: 0.004 })
        }
        _ => None,
    }
}

/// The largest accepted differences between counts and table 1 of the paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CountTolerance {
    /// Largest accepted difference in images classified correctly.
    pub correct: u32,
    /// Largest accepted difference in successes, for each of [`numbers::EPSILONS`].
    pub successes: [u32; 3],
}

/// The tolerance for an optimizer; `None` if the optimizer's counts depend on rounding.
pub(crate) fn count_tolerance(optimizer: &str) -> Option<CountTolerance> {
    match optimizer {
        SGD => Some(CountTolerance { correct: 20, successes: [60, 60, 15] }),
        ADAM => Some(CountTolerance { correct: 20, successes: [120, 80, 20] }),
        _ => None,
    }
}

/// The comparison of a training curve with the paper's curve.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CurveCheck {
    /// The training labels.
    pub labels: String,
    /// The optimizer's name.
    pub optimizer: String,
    /// Number of epochs that both curves contain.
    pub epochs: u32,
    /// Largest absolute difference in train loss.
    pub train_loss: f64,
    /// Largest absolute difference in train accuracy.
    pub train_accuracy: f64,
    /// Largest absolute difference in test accuracy.
    pub test_accuracy: f64,
    /// The accepted differences.
    pub band: CurveBand,
}

impl CurveCheck {
    /// Whether every epoch of the paper is present and within the band.
    pub(crate) fn passes(&self) -> bool {
        self.epochs == numbers::EPOCHS
            && self.train_loss <= self.band.train_loss
            && self.train_accuracy <= self.band.train_accuracy
            && self.test_accuracy <= self.band.test_accuracy
    }
}

/// Compares the training curve of the paper's seed with the paper's curve; `None` if either is missing.
pub(crate) fn check_curve(rows: &[TrainingRow], labels: &str, optimizer: &str) -> Option<CurveCheck> {
    let (Some(band), Some(counterpart)) = (curve_band(optimizer), paper_counterpart(optimizer)) else {
        return None;
    };
    let mut check = CurveCheck {
        labels: labels.to_owned(),
        optimizer: optimizer.to_owned(),
        epochs: 0,
        train_loss: 0.0,
        train_accuracy: 0.0,
        test_accuracy: 0.0,
        band,
    };
    for point in numbers::curve(labels, counterpart) {
        let own = rows.iter().find(|row| {
            row.labels == labels && row.optimizer == optimizer && row.seed == numbers::SEED && row.epoch == point.epoch
        });
        if let Some(row) = own {
            check.epochs += 1;
            check.train_loss = worst(check.train_loss, row.train_loss, point.train_loss);
            check.train_accuracy = worst(check.train_accuracy, row.train_accuracy, point.train_accuracy);
            check.test_accuracy = worst(check.test_accuracy, row.test_accuracy, point.test_accuracy);
        }
    }
    (check.epochs > 0).then_some(check)
}

/// The larger of `so_far` and the absolute difference. NaN counts as infinite.
fn worst(so_far: f64, ours: f64, theirs: f64) -> f64 {
    let difference = (ours - theirs).abs();
    if difference.is_nan() { f64::INFINITY } else { so_far.max(difference) }
}

/// The comparison of a count with the paper's count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CountCheck {
    /// Description of the count.
    pub what: String,
    /// Our count.
    pub ours: u32,
    /// The paper's count.
    pub theirs: u32,
    /// The largest accepted difference.
    pub tolerance: u32,
}

impl CountCheck {
    /// Whether the difference is within the tolerance.
    pub(crate) fn passes(&self) -> bool {
        self.ours.abs_diff(self.theirs) <= self.tolerance
    }
}

/// Compares an optimizer's counts for the paper's seed with table 1, with the given tolerance.
pub(crate) fn check_counts(clean_fgsm: &[FgsmRow], optimizer: &str, tolerance: &CountTolerance) -> Vec<CountCheck> {
    let mut checks = Vec::new();
    let Some(counterpart) = paper_counterpart(optimizer) else {
        return checks;
    };
    let own = || clean_fgsm.iter().filter(|row| row.optimizer == optimizer && row.seed == numbers::SEED);
    for (epsilon, allowed) in numbers::EPSILONS.iter().zip(tolerance.successes) {
        let Some(row) = own().find(|row| same(row.epsilon, *epsilon)) else {
            continue;
        };
        if let Some(published) = numbers::fgsm(&row.labels, counterpart, *epsilon) {
            if checks.is_empty() {
                checks.push(CountCheck {
                    what: "correct".to_owned(),
                    ours: row.correct,
                    theirs: published.correct,
                    tolerance: tolerance.correct,
                });
            }
            checks.push(CountCheck {
                what: format!("successes at ε = {epsilon}"),
                ours: row.successes,
                theirs: published.successes,
                tolerance: allowed,
            });
        }
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published_curve(optimizer: &str, loss_shift: f64) -> Vec<TrainingRow> {
        numbers::curve("clean", paper_counterpart(optimizer).unwrap())
            .iter()
            .map(|point| TrainingRow {
                labels: "clean".to_owned(),
                optimizer: optimizer.to_owned(),
                seed: 42,
                epoch: point.epoch,
                train_loss: point.train_loss + loss_shift,
                train_accuracy: point.train_accuracy,
                test_loss: 0.0,
                test_accuracy: point.test_accuracy,
                ..TrainingRow::default()
            })
            .collect()
    }

    #[test]
    fn a_curve_passes_within_its_band_and_only_whole() {
        let rows = published_curve(PUBLISHED, 0.005);
        let check = check_curve(&rows, "clean", PUBLISHED).unwrap();
        assert!(check.passes(), "{check:?}");
        let check = check_curve(&rows[..14], "clean", PUBLISHED).unwrap();
        assert!(!check.passes());
        let rows = published_curve(SGD, 0.005);
        assert!(!check_curve(&rows, "clean", SGD).unwrap().passes());
        let rows = published_curve(SGD, f64::NAN);
        assert!(!check_curve(&rows, "clean", SGD).unwrap().passes());
        assert_eq!(check_curve(&rows, "clean", "gauss-newton"), None);
        assert_eq!(check_curve(&rows, "poisoned", SGD), None);
    }

    #[test]
    fn counts_are_checked_one_by_one() {
        let row = |epsilon, successes| FgsmRow::new("clean", ADAM, 42, epsilon, 9778, successes);
        let rows = [row(0.1, 7396 + 121), row(0.05, 3142)];
        let checks = check_counts(&rows, ADAM, &count_tolerance(ADAM).unwrap());
        let passed: Vec<bool> = checks.iter().map(CountCheck::passes).collect();
        assert_eq!(passed, [true, false, true]);
    }
}
