//! `studies/landscape/surface.csv`: a point of the plane around a minimum a row; `segments.csv`: a point between two minima a row.

use serde::{Deserialize, Serialize};

use crate::{Compared, Noise, Record};

/// The loss at `θ + x d₁ + y d₂`, with directions of filter-normalised random numbers (Li et al. 2018).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SurfaceRow {
    /// The training set: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer that found the minimum.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// Along the first direction; 1 changes each filter by its own norm.
    pub x: f64,
    /// Along the second.
    pub y: f64,
    /// Mean training loss there.
    pub train_loss: f64,
    /// Training accuracy there.
    pub train_accuracy: f64,
}

impl Record for SurfaceRow {}

impl Compared for SurfaceRow {
    const FILES: &'static [&'static str] = &["studies/landscape/surface.csv"];
    const KEYS: &'static [&'static str] = &["labels", "optimizer", "x", "y"];
    const METRICS: &'static [(&'static str, Noise)] =
        &[("train_loss", Noise::LOSS), ("train_accuracy", Noise::ACCURACY)];
}

/// The loss at `(1 − t) θ_from + t θ_to`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentRow {
    /// The training set: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer of the model at `t = 0`.
    pub from: String,
    /// The optimizer of the model at `t = 1`.
    pub to: String,
    /// Both runs' seed.
    pub seed: u64,
    /// The place between them.
    pub t: f64,
    /// Mean training loss there.
    pub train_loss: f64,
    /// Accuracy on the test set there.
    pub test_accuracy: f64,
}

impl Record for SegmentRow {}

impl Compared for SegmentRow {
    const FILES: &'static [&'static str] = &["studies/landscape/segments.csv"];
    const KEYS: &'static [&'static str] = &["labels", "from", "to", "t"];
    const METRICS: &'static [(&'static str, Noise)] =
        &[("train_loss", Noise::LOSS), ("test_accuracy", Noise::ShareOfTest)];
}
