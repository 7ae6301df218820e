//! `tables/histograms.csv`: a bin of figure 2 or 3 a row.

use serde::{Deserialize, Serialize};

use crate::{Quantity, Record};

/// How many test images have a value from here to there.
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
    /// The bin's lower end, which belongs to it; `-inf` for the values below the figure.
    pub from: f64,
    /// Its upper end, which does not; `inf` for the values above the figure.
    pub to: f64,
    /// Test images in it; those whose value is no number are in none.
    pub images: u32,
}

impl Record for HistogramRow {}
