//! The numbers of "Gauss-Newton under adversarial attacks" (M. Jiang, 2025).
//!
//! Its optimizers are named `sgd`, `adam` and `gauss-newton-published` here. Any other name has no number.

use std::sync::OnceLock;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::records::Quantity;

/// The paper's seed.
pub const SEED: u64 = 42;
/// The number of epochs of each of its runs.
pub const EPOCHS: u32 = 15;
/// The epsilons of tables 1 and 2.
pub const EPSILONS: [f64; 3] = [0.1, 0.05, 0.01];
/// The radii of table 3.
pub const RHOS: [f64; 3] = [0.001, 0.005, 0.01];

/// The embedded numbers do not parse: the build is broken.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the embedded {file}: expected rows of the paper's numbers, found: {found}")]
pub struct PaperError {
    /// The embedded file.
    pub file: &'static str,
    /// What was found instead.
    pub found: String,
}

/// A cell of table 1 or 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FgsmCount {
    /// Test images classified correctly before the attack.
    pub correct: u32,
    /// Of these, the ones that the attack flipped.
    pub successes: u32,
}

impl FgsmCount {
    /// `successes / correct`.
    pub fn success_rate(&self) -> f64 {
        rate(self.successes, self.correct)
    }
}

/// A point of a training curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// The epoch, from 1.
    pub epoch: u32,
    /// Mean train loss over the epoch.
    pub train_loss: f64,
    /// Mean train accuracy over the epoch.
    pub train_accuracy: f64,
    /// Test accuracy after the epoch.
    pub test_accuracy: f64,
}

/// What the paper says of a distribution in figure 2 or 3.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// The mean.
    pub mean: f64,
    /// The median.
    pub median: f64,
}

/// The count of table 1 (`clean`) or 2 (`poisoned`).
pub fn fgsm(dataset: &str, optimizer: &str, epsilon: f64) -> Result<Option<FgsmCount>, PaperError> {
    Ok(published()?
        .fgsm
        .iter()
        .find(|row| row.dataset == dataset && row.optimizer == optimizer && same(row.epsilon, epsilon))
        .map(|row| FgsmCount { correct: row.correct, successes: row.successes }))
}

/// The median loss increase of table 3 (clean models, one perturbation a batch).
pub fn sharpness(optimizer: &str, rho: f64) -> Result<Option<f64>, PaperError> {
    Ok(published()?
        .sharpness
        .iter()
        .find(|row| row.optimizer == optimizer && same(row.rho, rho))
        .map(|row| row.median_loss_increase))
}

/// The training curve, epoch by epoch; empty where the paper has none.
pub fn curve(dataset: &str, optimizer: &str) -> Result<Vec<CurvePoint>, PaperError> {
    Ok(published()?
        .curves
        .iter()
        .filter(|row| row.dataset == dataset && row.optimizer == optimizer)
        .map(|row| CurvePoint {
            epoch: row.epoch,
            train_loss: row.train_loss,
            train_accuracy: row.train_accuracy,
            test_accuracy: row.test_accuracy,
        })
        .collect())
}

/// The summary of a distribution in figure 2 (input-gradient norm) or 3 (logit margin).
pub fn distribution(dataset: &str, optimizer: &str, quantity: Quantity) -> Result<Option<Summary>, PaperError> {
    Ok(published()?
        .distributions
        .iter()
        .find(|row| row.dataset == dataset && row.optimizer == optimizer && row.quantity == quantity)
        .map(|row| Summary { mean: row.mean, median: row.median }))
}

/// `successes / correct`, zero where nothing was correct.
pub(crate) fn rate(successes: u32, correct: u32) -> f64 {
    if correct == 0 { 0.0 } else { f64::from(successes) / f64::from(correct) }
}

/// Whether two settings, such as an epsilon from a file and one from a preset, are meant to be the same.
pub(crate) fn same(left: f64, right: f64) -> bool {
    (left - right).abs() < 1e-9
}

#[derive(Clone)]
struct Paper {
    fgsm: Vec<FgsmLine>,
    sharpness: Vec<SharpnessLine>,
    curves: Vec<CurveLine>,
    distributions: Vec<DistributionLine>,
}

#[derive(Clone, Deserialize)]
struct FgsmLine {
    dataset: String,
    optimizer: String,
    epsilon: f64,
    correct: u32,
    successes: u32,
}

#[derive(Clone, Deserialize)]
struct SharpnessLine {
    optimizer: String,
    rho: f64,
    median_loss_increase: f64,
}

#[derive(Clone, Deserialize)]
struct CurveLine {
    dataset: String,
    optimizer: String,
    epoch: u32,
    train_loss: f64,
    train_accuracy: f64,
    test_accuracy: f64,
}

#[derive(Clone, Deserialize)]
struct DistributionLine {
    dataset: String,
    optimizer: String,
    quantity: Quantity,
    mean: f64,
    median: f64,
}

fn published() -> Result<&'static Paper, PaperError> {
    static PAPER: OnceLock<Result<Paper, PaperError>> = OnceLock::new();
    PAPER
        .get_or_init(|| {
            Ok(Paper {
                fgsm: parse("fgsm.csv", include_str!("../paper/fgsm.csv"))?,
                sharpness: parse("sharpness.csv", include_str!("../paper/sharpness.csv"))?,
                curves: parse("curves.csv", include_str!("../paper/curves.csv"))?,
                distributions: parse("distributions.csv", include_str!("../paper/distributions.csv"))?,
            })
        })
        .as_ref()
        .map_err(Clone::clone)
}

fn parse<T: DeserializeOwned>(file: &'static str, text: &str) -> Result<Vec<T>, PaperError> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(|error| PaperError { file, found: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_hold_the_papers_numbers() {
        let count = fgsm("clean", "gauss-newton-published", 0.1).unwrap().unwrap();
        assert_eq!((count.correct, count.successes), (9585, 4937));
        assert!((count.success_rate() - 0.515).abs() < 1e-3);
        let count = fgsm("poisoned", "sgd", 0.01).unwrap().unwrap();
        assert_eq!((count.correct, count.successes), (9553, 173));
        assert_eq!(sharpness("adam", 0.005).unwrap(), Some(0.0048));
        assert_eq!(sharpness("gauss-newton-published", 0.01).unwrap(), Some(0.0282));
        assert_eq!(sharpness("sgd", 0.01).unwrap(), None);
    }

    #[test]
    fn every_run_of_the_paper_has_fifteen_epochs() {
        for dataset in ["clean", "poisoned"] {
            for optimizer in ["sgd", "adam", "gauss-newton-published"] {
                let curve = curve(dataset, optimizer).unwrap();
                assert!(curve.iter().map(|point| point.epoch).eq(1..=EPOCHS));
                for epsilon in EPSILONS {
                    assert!(fgsm(dataset, optimizer, epsilon).unwrap().is_some());
                }
            }
        }
        assert_eq!(curve("clean", "gauss-newton-published").unwrap()[14].train_loss, 1.0321);
    }

    #[test]
    fn names_without_a_number_give_none() {
        assert_eq!(fgsm("clean", "gauss-newton", 0.1).unwrap(), None);
        assert_eq!(fgsm("clean", "adam", 0.2).unwrap(), None);
        assert!(curve("clean", "gauss-newton-published-tf32").unwrap().is_empty());
        let summary = distribution("clean", "adam", Quantity::InputGradientNorm).unwrap().unwrap();
        assert_eq!((summary.mean, summary.median), (0.4560, 0.0060));
    }
}
