//! `studies/precision/precision.csv`: an epoch of a run in one arithmetic and a radius a row; `drift.csv`: how far its weights are
//! from those of the run in double precision, by the curvature of the directions in which they part.

use serde::{Deserialize, Serialize};

use crate::{Compared, Noise, Record};

/// What a model is after an epoch of training with its Gauss-Newton system in one arithmetic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrecisionRow {
    /// The curvature matrix: `published`, `sum` or `mean`.
    pub variant: String,
    /// The arithmetic: `f64`, `f32`, `tf32` or `bf16`.
    pub arithmetic: String,
    /// The run's seed.
    pub seed: u64,
    /// The epoch, from 1.
    pub epoch: u32,
    /// Mean over the epoch's batches, each measured before its step.
    pub train_loss: f64,
    /// Accuracy on the test set.
    pub test_accuracy: f64,
    /// Median norm of the loss's gradient with respect to the test images.
    pub median_input_gradient_norm: f64,
    /// FGSM's radius.
    pub epsilon: f64,
    /// Test images classified correctly before the attack.
    pub correct: u32,
    /// Of the correct ones, those that FGSM flips.
    pub successes: u32,
}

impl Record for PrecisionRow {}

impl Compared for PrecisionRow {
    const FILES: &'static [&'static str] = &["studies/precision/precision.csv"];
    const KEYS: &'static [&'static str] = &["variant", "arithmetic", "epoch", "epsilon"];
    const METRICS: &'static [(&'static str, Noise)] = &[
        ("train_loss", Noise::LOSS),
        ("test_accuracy", Noise::ShareOfTest),
        ("median_input_gradient_norm", Noise::QUANTILE),
        ("successes", Noise::CountAmong("correct")),
    ];
}

/// How the weights of two runs that differ in arithmetic alone lie to each other, in one range of curvatures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DriftRow {
    /// The curvature matrix of the optimizer.
    pub variant: String,
    /// The arithmetic, against `f64`.
    pub arithmetic: String,
    /// Both runs' seed.
    pub seed: u64,
    /// The epoch, from 1.
    pub epoch: u32,
    /// The distance of the two weight vectors.
    pub distance: f64,
    /// How far the run in `f64` is from its initial weights.
    pub travelled: f64,
    /// The curvatures from here: eigenvalues of the Gauss-Newton matrix of the mean loss at the run in `f64`.
    pub curvature_from: f64,
    /// To here.
    pub curvature_to: f64,
    /// The share of the squared distance in eigendirections of these curvatures.
    pub share: f64,
}

impl Record for DriftRow {}

impl Compared for DriftRow {
    const FILES: &'static [&'static str] = &["studies/precision/drift.csv"];
    const KEYS: &'static [&'static str] = &["variant", "arithmetic", "epoch", "curvature_from", "curvature_to"];
    const METRICS: &'static [(&'static str, Noise)] =
        &[("distance", Noise::QUANTILE), ("travelled", Noise::QUANTILE), ("share", Noise::QUANTILE)];
}
