//! `tables/distributions.csv`: what figures 2 and 3 show, summed up a row each.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Record;
use crate::paper::{self, PaperError};

/// The quantity whose distribution over the test set is summed up.
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

/// One distribution over the test set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DistributionRow {
    /// The training set: `clean` or `poisoned`.
    pub dataset: String,
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
    /// The paper's mean, where it has one.
    pub paper_mean: Option<f64>,
    /// The paper's median, where it has one.
    pub paper_median: Option<f64>,
}

impl DistributionRow {
    /// Sums up `values`, with the paper's numbers filled in. Quantiles are interpolated linearly; all are NaN if there
    /// is no value.
    pub fn from_values(
        dataset: &str,
        optimizer: &str,
        seed: u64,
        quantity: Quantity,
        values: &[f64],
    ) -> Result<Self, PaperError> {
        let published = paper::distribution(dataset, optimizer, quantity)?;
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Ok(Self {
            dataset: dataset.to_owned(),
            optimizer: optimizer.to_owned(),
            seed,
            quantity,
            mean: values.iter().sum::<f64>() / values.len() as f64,
            median: quantile(&sorted, 0.5),
            q05: quantile(&sorted, 0.05),
            q25: quantile(&sorted, 0.25),
            q75: quantile(&sorted, 0.75),
            q95: quantile(&sorted, 0.95),
            paper_mean: published.map(|summary| summary.mean),
            paper_median: published.map(|summary| summary.median),
        })
    }
}

impl Record for DistributionRow {
    const HEADER: &'static [&'static str] = &[
        "dataset",
        "optimizer",
        "seed",
        "quantity",
        "mean",
        "median",
        "q05",
        "q25",
        "q75",
        "q95",
        "paper_mean",
        "paper_median",
    ];
}

/// The linearly interpolated quantile of ascending values; NaN if there are none.
pub(crate) fn quantile(sorted: &[f64], fraction: f64) -> f64 {
    let position = fraction * sorted.len().saturating_sub(1) as f64;
    let below = position.floor();
    let at = |index: f64| sorted.get(index as usize).copied();
    match (at(below), at(position.ceil())) {
        (Some(low), Some(high)) => low + (high - low) * (position - below),
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate() {
        let values = [4.0, 1.0, 2.0, 3.0, 5.0];
        let row = DistributionRow::from_values("clean", "adam", 1, Quantity::LogitMargin, &values).unwrap();
        assert_eq!((row.mean, row.median), (3.0, 3.0));
        assert_eq!((row.q25, row.q75), (2.0, 4.0));
        assert!((row.q05 - 1.2).abs() < 1e-12);
        assert_eq!(row.paper_median, Some(7.8998));
    }

    #[test]
    fn no_values_give_nan() {
        let row = DistributionRow::from_values("clean", "k-fac", 1, Quantity::LogitMargin, &[]).unwrap();
        assert!(row.mean.is_nan() && row.median.is_nan());
        assert_eq!(row.paper_mean, None);
    }
}
