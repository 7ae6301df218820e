//! The numbers of "Gauss-Newton under adversarial attacks" (M. Jiang, 2025).
//!
//! The paper's optimizers are named `sgd`, `adam` and `gauss-newton-published` here. Other names have no numbers.

use minima_report::{Center, CurvePoint, FgsmCount};
use minima_rows::{Quantity, same};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::LazyLock;

/// The paper's seed.
pub(crate) const SEED: u64 = 42;
/// The number of epochs of each run in the paper.
pub const EPOCHS: u32 = 15;
/// The epsilons of tables 1 and 2.
pub const EPSILONS: [f64; 3] = [0.1, 0.05, 0.01];
/// The radii of table 3.
pub const RHOS: [f64; 3] = [0.001, 0.005, 0.01];

/// The counts of table 1 (`clean`) or 2 (`poisoned`).
pub fn fgsm(labels: &str, optimizer: &str, epsilon: f64) -> Option<FgsmCount> {
    PUBLISHED_NUMBERS
        .fgsm
        .iter()
        .find(|row| row.labels == labels && row.optimizer == optimizer && same(row.epsilon, epsilon))
        .map(|row| FgsmCount { correct: row.correct, successes: row.successes })
}

/// The median loss increase of table 3 (clean models, one perturbation per batch).
pub fn sharpness(optimizer: &str, rho: f64) -> Option<f64> {
    PUBLISHED_NUMBERS
        .sharpness
        .iter()
        .find(|row| row.optimizer == optimizer && same(row.rho, rho))
        .map(|row| row.median_loss_increase)
}

/// The training curve by epoch; empty if the paper reports none.
pub fn curve(labels: &str, optimizer: &str) -> Vec<CurvePoint> {
    PUBLISHED_NUMBERS
        .curves
        .iter()
        .filter(|row| row.labels == labels && row.optimizer == optimizer)
        .map(|row| CurvePoint {
            epoch: row.epoch,
            train_loss: row.train_loss,
            train_accuracy: row.train_accuracy,
            test_accuracy: row.test_accuracy,
        })
        .collect()
}

/// The summary of a distribution in figure 2 (input-gradient norm) or 3 (logit margin).
pub fn distribution(labels: &str, optimizer: &str, quantity: Quantity) -> Option<Center> {
    PUBLISHED_NUMBERS
        .distributions
        .iter()
        .find(|row| row.labels == labels && row.optimizer == optimizer && row.quantity == quantity)
        .map(|row| Center { mean: row.mean, median: row.median })
}

struct Paper {
    fgsm: Vec<FgsmLine>,
    sharpness: Vec<SharpnessLine>,
    curves: Vec<CurveLine>,
    distributions: Vec<DistributionLine>,
}

#[derive(Deserialize)]
struct FgsmLine {
    labels: String,
    optimizer: String,
    epsilon: f64,
    correct: u32,
    successes: u32,
}

#[derive(Deserialize)]
struct SharpnessLine {
    optimizer: String,
    rho: f64,
    median_loss_increase: f64,
}

#[derive(Deserialize)]
struct CurveLine {
    labels: String,
    optimizer: String,
    epoch: u32,
    train_loss: f64,
    train_accuracy: f64,
    test_accuracy: f64,
}

#[derive(Deserialize)]
struct DistributionLine {
    labels: String,
    optimizer: String,
    quantity: Quantity,
    mean: f64,
    median: f64,
}

/// The paper's numbers, embedded at compile time. A test reads every line of the files.
static PUBLISHED_NUMBERS: LazyLock<Paper> = LazyLock::new(|| Paper {
    fgsm: rows(FGSM),
    sharpness: rows(SHARPNESS),
    curves: rows(CURVES),
    distributions: rows(DISTRIBUTIONS),
});

const FGSM: &str = include_str!("../numbers/fgsm.csv");
const SHARPNESS: &str = include_str!("../numbers/sharpness.csv");
const CURVES: &str = include_str!("../numbers/curves.csv");
const DISTRIBUTIONS: &str = include_str!("../numbers/distributions.csv");

/// The rows of an embedded file.
fn rows<T: DeserializeOwned>(text: &str) -> Vec<T> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_files_is_a_row() {
        let lines = |text: &str| text.lines().count() - 1;
        let numbers = &*PUBLISHED_NUMBERS;
        assert_eq!(numbers.fgsm.len(), lines(FGSM));
        assert_eq!(numbers.sharpness.len(), lines(SHARPNESS));
        assert_eq!(numbers.curves.len(), lines(CURVES));
        assert_eq!(numbers.distributions.len(), lines(DISTRIBUTIONS));
        assert!(!numbers.fgsm.is_empty() && !numbers.sharpness.is_empty() && !numbers.distributions.is_empty());
    }

    #[test]
    fn tables_hold_the_papers_numbers() {
        let count = fgsm("clean", "gauss-newton-published", 0.1).unwrap();
        assert_eq!((count.correct, count.successes), (9585, 4937));
        assert!((count.success_rate() - 0.515).abs() < 1e-3);
        let count = fgsm("poisoned", "sgd", 0.01).unwrap();
        assert_eq!((count.correct, count.successes), (9553, 173));
        assert_eq!(sharpness("adam", 0.005), Some(0.0048));
        assert_eq!(sharpness("gauss-newton-published", 0.01), Some(0.0282));
        assert_eq!(sharpness("sgd", 0.01), None);
    }

    #[test]
    fn every_run_of_the_paper_has_fifteen_epochs() {
        for labels in ["clean", "poisoned"] {
            for optimizer in ["sgd", "adam", "gauss-newton-published"] {
                let curve = curve(labels, optimizer);
                assert!(curve.iter().map(|point| point.epoch).eq(1..=EPOCHS));
                for epsilon in EPSILONS {
                    assert!(fgsm(labels, optimizer, epsilon).is_some());
                }
            }
        }
        assert_eq!(curve("clean", "gauss-newton-published")[14].train_loss, 1.0321);
    }

    #[test]
    fn names_without_a_number_give_none() {
        assert_eq!(fgsm("clean", "gauss-newton", 0.1), None);
        assert_eq!(fgsm("clean", "adam", 0.2), None);
        assert!(curve("clean", "gauss-newton-published-tf32").is_empty());
        let summary = distribution("clean", "adam", Quantity::InputGradientNorm).unwrap();
        assert_eq!((summary.mean, summary.median), (0.4560, 0.0060));
    }
}
