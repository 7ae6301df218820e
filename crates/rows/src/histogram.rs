//! `tables/histograms.csv`: one row per bin of figure 2 or 3.

use serde::{Deserialize, Serialize};

use crate::{Quantity, Record};

/// The number of test images whose value is in one bin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistogramRow {
    /// The training set: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// What was measured.
    pub quantity: Quantity,
    /// The bin's lower end, inclusive; `-inf` for the values below the figure.
    pub from: f64,
    /// The bin's upper end, exclusive; `inf` for the values above the figure.
    pub to: f64,
    /// Test images in the bin. Images whose value is NaN are in no bin.
    pub images: u32,
}

impl Record for HistogramRow {}
