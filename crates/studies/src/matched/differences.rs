//! Matched models compared over seeds.

use crate::error::StudyError;
use minima_metrics::statistics::Estimate;
use minima_rows::{Basis, MatchRow, MatchedDifferenceRow, in_order};

/// The coverage of the intervals.
const LEVEL: f64 = 0.95;

/// The mean difference of end points and equal points over the seeds with an equal point, with an interval over seeds: FGSM's success
/// rate at each radius, the test loss and the test accuracy. A quantity that is equal by construction has no row.
///
/// # Errors
/// Returns [`StudyError::Run`] if a value is NaN or infinite.
pub(super) fn differences(rows: &[MatchRow]) -> Result<Vec<MatchedDifferenceRow>, StudyError> {
    let mut found = Vec::new();
    for key in in_order(rows.iter().map(|row| (&row.reference, &row.optimizer, row.basis))) {
        let own: Vec<&MatchRow> =
            rows.iter().filter(|row| (&row.reference, &row.optimizer, row.basis) == key).collect();
        let epsilons = in_order(own.iter().map(|row| row.epsilon));
        // The losses and accuracies of a seed are the same in the rows of all radii.
        let any = epsilons.first().copied();
        let mut add =
            |quantity: &str, epsilon: Option<f64>, at: Option<f64>, difference: fn(&MatchRow) -> Option<f64>| {
                let of_seeds: Vec<&MatchRow> = own.iter().copied().filter(|row| Some(row.epsilon) == at).collect();
                let values: Vec<f64> = of_seeds.iter().filter_map(|row| difference(row)).collect();
                if values.is_empty() {
                    return Ok::<(), StudyError>(());
                }
                let estimate = Estimate::over_seeds(&values)?;
                let (low, high) = estimate.interval(LEVEL);
                found.push(MatchedDifferenceRow {
                    reference: key.0.clone(),
                    optimizer: key.1.clone(),
                    basis: key.2,
                    quantity: quantity.to_owned(),
                    epsilon,
                    reached: values.len() as u32,
                    seeds: of_seeds.len() as u32,
                    effect: estimate.effect,
                    low,
                    high,
                });
                Ok(())
            };
        for epsilon in epsilons {
            add("FGSM success rate (share of correct images)", Some(epsilon), Some(epsilon), |row| {
                Some(row.reference_rate - row.rate?)
            })?;
        }
        add("test loss (nats)", None, any, |row| Some(row.reference_test_loss - row.test_loss?))?;
        if key.2 != Basis::TestAccuracy {
            add("test accuracy (share of images)", None, any, |row| {
                Some(row.reference_test_accuracy - row.test_accuracy?)
            })?;
        }
    }
    Ok(found)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail so")]
mod tests {
    use super::*;

    fn row(seed: u64, epsilon: f64, rate: Option<f64>) -> MatchRow {
        MatchRow {
            reference: "gauss-newton".to_owned(),
            optimizer: "adam".to_owned(),
            seed,
            basis: Basis::TrainLoss,
            value: 0.1,
            step: rate,
            epsilon,
            reference_rate: 0.5,
            rate,
            reference_test_loss: 0.3,
            test_loss: rate,
            reference_test_accuracy: 0.9,
            test_accuracy: rate,
        }
    }

    /// By hand: differences of 0.5 less 0.6, 0.7 and 0.8 have the mean −0.2 and the standard error 0.1/√3; Student's quantile for two
    /// degrees of freedom is 4.302 653. The fourth seed never reaches the value.
    #[test]
    fn the_interval_is_over_the_seeds_that_reach_the_value() {
        let mut rows = Vec::new();
        for (seed, rate) in [(1, Some(0.6)), (2, Some(0.7)), (3, Some(0.8)), (4, None)] {
            rows.push(row(seed, 0.1, rate));
            rows.push(row(seed, 0.05, rate.map(|rate| rate - 0.1)));
        }
        let found = differences(&rows).unwrap();
        let shown: Vec<_> =
            found.iter().map(|row| (row.quantity.as_str(), row.epsilon, row.reached, row.seeds)).collect();
        let fgsm = "FGSM success rate (share of correct images)";
        let expected = [
            (fgsm, Some(0.1), 3, 4),
            (fgsm, Some(0.05), 3, 4),
            ("test loss (nats)", None, 3, 4),
            ("test accuracy (share of images)", None, 3, 4),
        ];
        assert_eq!(shown, expected);
        for (row, effect) in found.iter().zip([-0.2, -0.1, -0.4, 0.2]) {
            let half = 4.302_652_73 * 0.1 / 3f64.sqrt();
            assert!((row.effect - effect).abs() < 1e-12, "{row:?}");
            assert!((row.low - (effect - half)).abs() < 1e-6 && (row.high - (effect + half)).abs() < 1e-6, "{row:?}");
        }
    }
}
