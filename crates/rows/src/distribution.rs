//! `tables/distributions.csv`: a summary of a distribution over the test images in each row. `tables/histograms.csv`: a bin of a
//! distribution in each row.

use std::fmt;

use minima_metrics::Summary;
use serde::{Deserialize, Serialize};

use crate::{Compared, Noise, Record};

/// The quantity whose distribution over the test set is summarised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// The Euclidean norm of the loss's gradient with respect to the image.
    InputGradientNorm,
    /// The true class's logit less the largest other one.
    LogitMargin,
}

impl fmt::Display for Quantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::InputGradientNorm => "input_gradient_norm",
            Self::LogitMargin => "logit_margin",
        })
    }
}

/// The summary of one distribution over the test set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DistributionRow {
    /// The training labels: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// What was measured.
    pub quantity: Quantity,
    /// The mean.
    pub mean: f64,
    /// The median.
    pub median: f64,
    /// The 5 % quantile.
    pub q05: f64,
    /// The 25 % quantile.
    pub q25: f64,
    /// The 75 % quantile.
    pub q75: f64,
    /// The 95 % quantile.
    pub q95: f64,
}

impl DistributionRow {
    /// The row of one model's summary.
    #[must_use]
    pub fn new(labels: &str, optimizer: &str, seed: u64, quantity: Quantity, summary: &Summary) -> Self {
        Self {
            labels: labels.to_owned(),
            optimizer: optimizer.to_owned(),
            seed,
            quantity,
            mean: summary.mean,
            median: summary.median,
            q05: summary.q05,
            q25: summary.q25,
            q75: summary.q75,
            q95: summary.q95,
        }
    }
}

impl Record for DistributionRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.optimizer]
    }
}

impl Compared for DistributionRow {
    const FILES: &'static [&'static str] = &["tables/distributions.csv", "studies/seeds/tables/distributions.csv"];
    const KEYS: &'static [&'static str] = &["labels", "optimizer", "quantity"];
    const METRICS: &'static [(&'static str, Noise)] = &[
        ("mean", Noise::QUANTILE),
        ("median", Noise::QUANTILE),
        ("q05", Noise::QUANTILE),
        ("q25", Noise::QUANTILE),
        ("q75", Noise::QUANTILE),
        ("q95", Noise::QUANTILE),
    ];
}

/// How many test images have a value from here to there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistogramRow {
    /// The training labels: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// What was measured.
    pub quantity: Quantity,
    /// The bin's lower end, which belongs to it; `-inf` for the values below the figure.
    pub from: f64,
    /// Its upper end, which does not; `inf` for the values above the figure.
    pub to: f64,
    /// Test images in it; those whose value is no number are in none.
    pub images: u32,
}

impl Record for HistogramRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.optimizer]
    }
}
