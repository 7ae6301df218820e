//! `tables/table1.csv` (clean) and `tables/table2.csv` (poisoned): an FGSM attack a row.

use serde::{Deserialize, Serialize};

use super::Record;
use crate::paper::{self, PaperError};

/// How many correctly classified test images FGSM flips at one epsilon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FgsmRow {
    /// The training set: `clean` or `poisoned`.
    pub dataset: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// Test images classified correctly before the attack.
    pub correct: u32,
    /// The attack's largest change of a pixel.
    pub epsilon: f64,
    /// Of the correct ones, those with a wrong label after.
    pub successes: u32,
    /// `successes / correct`, zero where nothing was correct.
    pub success_rate: f64,
    /// The paper's `correct`, where it has one.
    pub paper_correct: Option<u32>,
    /// The paper's `successes`, where it has them.
    pub paper_successes: Option<u32>,
}

impl FgsmRow {
    /// The row of one attack, with its rate and the paper's numbers filled in.
    pub fn new(
        dataset: &str,
        optimizer: &str,
        seed: u64,
        epsilon: f64,
        correct: u32,
        successes: u32,
    ) -> Result<Self, PaperError> {
        let published = paper::fgsm(dataset, optimizer, epsilon)?;
        Ok(Self {
            dataset: dataset.to_owned(),
            optimizer: optimizer.to_owned(),
            seed,
            correct,
            epsilon,
            successes,
            success_rate: paper::rate(successes, correct),
            paper_correct: published.map(|count| count.correct),
            paper_successes: published.map(|count| count.successes),
        })
    }
}

impl Record for FgsmRow {
    const HEADER: &'static [&'static str] = &[
        "dataset",
        "optimizer",
        "seed",
        "correct",
        "epsilon",
        "successes",
        "success_rate",
        "paper_correct",
        "paper_successes",
    ];
}
