//! `studies/precision/precision.csv`: one row per epoch of a run in one arithmetic and radius; `drift.csv`: the distance of the
//! run's weights to the weights of the run in double precision, by the curvature of the directions in which they differ.

use serde::{Deserialize, Serialize};

use crate::{Compared, Noise, Record};

/// Measurements of a model after an epoch of training with its Gauss-Newton system in one arithmetic.
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
    /// Images among `correct` that are misclassified after FGSM.
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

/// The difference between the weights of two runs that differ only in arithmetic, in one range of curvatures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DriftRow {
    /// The curvature matrix of the optimizer.
    pub variant: String,
    /// The arithmetic of the run that is compared with `f64`.
    pub arithmetic: String,
    /// Both runs' seed.
    pub seed: u64,
    /// The epoch, from 1.
    pub epoch: u32,
    /// The distance of the two weight vectors.
    pub distance: f64,
    /// How far the run in `f64` is from its initial weights.
    pub travelled: f64,
    /// The lower end of the range of curvatures: eigenvalues of the Gauss-Newton matrix of the mean loss at the run in `f64`.
    pub curvature_from: f64,
    /// The upper end of the range of curvatures.
    pub curvature_to: f64,
    /// The share of the squared distance in eigendirections with these curvatures.
    pub share: f64,
}

impl Record for DriftRow {}

impl Compared for DriftRow {
    const FILES: &'static [&'static str] = &["studies/precision/drift.csv"];
    const KEYS: &'static [&'static str] = &["variant", "arithmetic", "epoch", "curvature_from", "curvature_to"];
    const METRICS: &'static [(&'static str, Noise)] =
        &[("distance", Noise::QUANTILE), ("travelled", Noise::QUANTILE), ("share", Noise::QUANTILE)];
}
