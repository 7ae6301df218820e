//! `studies/landscape/surface.csv`: one row per point of the plane around a minimum; `segments.csv`: one row per point between
//! two minima.

use serde::{Deserialize, Serialize};

use crate::{Compared, Noise, Record};

/// The loss at `θ + x d₁ + y d₂`, with filter-normalised random directions (Li et al. 2018).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SurfaceRow {
    /// The training labels: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer that found the minimum.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// The coordinate along the first direction; 1 changes each filter by its own norm.
    pub x: f64,
    /// The coordinate along the second direction.
    pub y: f64,
    /// Mean training loss at this point.
    pub train_loss: f64,
    /// Training accuracy at this point.
    pub train_accuracy: f64,
}

impl Record for SurfaceRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.optimizer]
    }
}

impl Compared for SurfaceRow {
    const FILES: &'static [&'static str] = &["studies/landscape/surface.csv"];
    const KEYS: &'static [&'static str] = &["labels", "optimizer", "x", "y"];
    const METRICS: &'static [(&'static str, Noise)] =
        &[("train_loss", Noise::LOSS), ("train_accuracy", Noise::ACCURACY)];
}

/// The loss at `(1 − t) θ_from + t θ_to`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentRow {
    /// The training labels: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer of the model at `t = 0`.
    pub from: String,
    /// The optimizer of the model at `t = 1`.
    pub to: String,
    /// Both runs' seed.
    pub seed: u64,
    /// The position between the two models, 0 to 1.
    pub t: f64,
    /// Mean training loss at this point.
    pub train_loss: f64,
    /// Accuracy on the test set at this point.
    pub test_accuracy: f64,
}

impl Record for SegmentRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.from, &mut self.to]
    }
}

impl Compared for SegmentRow {
    const FILES: &'static [&'static str] = &["studies/landscape/segments.csv"];
    const KEYS: &'static [&'static str] = &["labels", "from", "to", "t"];
    const METRICS: &'static [(&'static str, Noise)] =
        &[("train_loss", Noise::LOSS), ("test_accuracy", Noise::ShareOfTest)];
}
