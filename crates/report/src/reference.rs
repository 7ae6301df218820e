//! A published result, shown in reports for comparison.

use crate::results::DataSet;
use minima_config::preset::Preset;
use minima_rows::{Claim, Quantity, rate};
use std::fmt::Debug;

/// The published number of successful FGSM attacks at one radius.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FgsmCount {
    /// Test images classified correctly before the attack.
    pub correct: u32,
    /// Number of these images that are misclassified after the attack.
    pub successes: u32,
}

impl FgsmCount {
    /// `successes / correct`.
    #[must_use]
    pub fn success_rate(&self) -> f64 {
        rate(self.successes, self.correct)
    }
}

/// A point of a training curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// The epoch, from 1.
    pub epoch: u32,
    /// The mean train loss over the epoch.
    pub train_loss: f64,
    /// The mean train accuracy over the epoch.
    pub train_accuracy: f64,
    /// The test accuracy after the epoch.
    pub test_accuracy: f64,
}

/// The published mean and median of a distribution over the test images.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Center {
    /// The mean.
    pub mean: f64,
    /// The median.
    pub median: f64,
}

/// Texts above tables that show the reference's numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// Above the table of FGSM on models trained on clean labels.
    pub clean_fgsm: &'static str,
    /// Above the table of FGSM on models trained on poisoned labels.
    pub poisoned_fgsm: &'static str,
    /// Above the table of loss increases.
    pub sharpness: &'static str,
    /// Above the differences between optimizers, which replace the claims on other data sets.
    pub other_data: &'static str,
}

/// A published result. A report without one has no column, section or sentence about it.
///
/// The numbers of one optimizer may be used for others, such as the same optimizer in another arithmetic. `None` means that the
/// reference has no number.
pub trait Reference: Debug + Sync {
    /// The noun that tables and sentences use for the reference, such as `paper` in "the paper's".
    fn noun(&self) -> &'static str;

    /// Whether the reference's numbers are about this data set.
    fn is_about(&self, data: &DataSet) -> bool;

    /// Whether an experiment has the reference's configuration, so that agreement can be judged.
    fn is_configuration(&self, preset: &Preset) -> bool;

    /// The seed of the reference's numbers.
    fn seed(&self) -> u64;

    /// FGSM on a model trained on these labels, `clean` or `poisoned`.
    fn fgsm(&self, labels: &str, optimizer: &str, epsilon: f64) -> Option<FgsmCount>;

    /// The median loss increase under one weight perturbation of length `rho` per batch.
    fn sharpness(&self, optimizer: &str, rho: f64) -> Option<f64>;

    /// Mean and median of a quantity over the test images.
    fn distribution(&self, labels: &str, optimizer: &str, quantity: Quantity) -> Option<Center>;

    /// The training curve; empty if the reference has none.
    fn curve(&self, labels: &str, optimizer: &str) -> Vec<CurvePoint>;

    /// The reference's claims.
    fn claims(&self) -> &'static [Claim];

    /// The test accuracy that a trained model of the reference's data set should have.
    fn goal_accuracy(&self) -> f64;

    /// The reference's data, network and training, as items of a list.
    fn methods(&self) -> &'static [&'static str];

    /// Texts above tables.
    fn remarks(&self) -> Remarks;
}
