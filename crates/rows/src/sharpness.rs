//! `tables/sharpness.csv`: the loss increase under a weight perturbation, one row per radius.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Compared, Noise, Record};

/// The images that share one weight perturbation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// One perturbation per batch; each image gets its batch's loss increase. The paper's definition.
    Batch,
    /// One perturbation per image.
    Example,
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Batch => "batch",
            Self::Example => "example",
        })
    }
}

/// The loss increase of a model trained on clean labels, under weight perturbations of length `rho`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SharpnessRow {
    /// The optimizer that trained the model.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// The length of the perturbation.
    pub rho: f64,
    /// The images that share one perturbation.
    pub scope: Scope,
    /// Mean loss increase over the test images.
    pub mean_loss_increase: f64,
    /// Median loss increase over the test images.
    pub median_loss_increase: f64,
}

impl SharpnessRow {
    /// The row of one radius.
    #[must_use]
    pub fn new(optimizer: &str, seed: u64, rho: f64, scope: Scope, mean: f64, median: f64) -> Self {
        let (mean_loss_increase, median_loss_increase) = (mean, median);
        Self { optimizer: optimizer.to_owned(), seed, rho, scope, mean_loss_increase, median_loss_increase }
    }
}

impl Record for SharpnessRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.optimizer]
    }
}

impl Compared for SharpnessRow {
    const FILES: &'static [&'static str] = &["tables/sharpness.csv", "studies/seeds/tables/sharpness.csv"];
    const KEYS: &'static [&'static str] = &["optimizer", "rho", "scope"];
    const METRICS: &'static [(&'static str, Noise)] =
        &[("mean_loss_increase", Noise::QUANTILE), ("median_loss_increase", Noise::QUANTILE)];
}
