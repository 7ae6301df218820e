//! `parts.csv`: the results of all parts of a folder, one row per number.

use serde::{Deserialize, Serialize};

use crate::Record;

/// The quantity of a row of `parts.csv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartQuantity {
    /// The accuracy on the test set after the last epoch.
    TestAccuracy,
    /// The training loss of the last epoch.
    TrainLoss,
    /// The share of correctly classified images that are misclassified after the attack.
    SuccessRate,
    /// The share of images that are classified correctly before and after the attack.
    RobustAccuracy,
    /// The largest eigenvalue of the Hessian of the mean training loss.
    LargestEigenvalue,
    /// The mean loss increase under one weight perturbation of length ρ per batch.
    LossIncrease,
    /// The median logit margin over the test images.
    MedianMargin,
    /// The median norm of the input gradient over the test images.
    MedianInputGradientNorm,
}

/// One number of one model of a part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartRow {
    /// The part: its folder.
    pub part: String,
    /// The data set; empty if it is not known.
    pub data_set: String,
    /// The network; empty if it is not known.
    pub network: String,
    /// The training labels: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// What was measured.
    pub quantity: PartQuantity,
    /// The attack; empty without one.
    pub attack: String,
    /// The attack's radius, or the length ρ of a weight perturbation; `None` without either.
    pub radius: Option<f64>,
    /// The first images, if the number is about some of them: test images of an attack, training images of an eigenvalue.
    pub images: Option<u32>,
    /// The value.
    pub value: f64,
}

impl Record for PartRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.optimizer]
    }
}
