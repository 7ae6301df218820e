//! `studies/matched/path.csv`: one row per checkpoint of a run and radius; `matches.csv`: models compared at an equal loss,
//! accuracy or margin; `differences.csv`: these comparisons over seeds.

use serde::{Deserialize, Serialize};

use crate::{Compared, Noise, Record};

/// Measurements of a model after a number of training steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathRow {
    /// The training labels: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// Steps taken; 0 for the initial weights.
    pub step: u64,
    /// Mean loss on the first training images, as many as the test set has and 10 000 at most, with the labels it is trained on.
    pub train_loss: f64,
    /// Accuracy on the same training images.
    pub train_accuracy: f64,
    /// Mean loss on the test set.
    pub test_loss: f64,
    /// Accuracy on the test set.
    pub test_accuracy: f64,
    /// Mean logit margin of the test images.
    pub mean_margin: f64,
    /// Median norm of the loss's gradient with respect to the test images.
    pub median_input_gradient_norm: f64,
    /// FGSM's radius.
    pub epsilon: f64,
    /// Test images classified correctly before the attack.
    pub correct: u32,
    /// Images among `correct` that are misclassified after FGSM.
    pub successes: u32,
}

impl Record for PathRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.optimizer]
    }
}

impl Compared for PathRow {
    const FILES: &'static [&'static str] = &["studies/matched/path.csv"];
    const KEYS: &'static [&'static str] = &["labels", "optimizer", "step", "epsilon"];
    const METRICS: &'static [(&'static str, Noise)] = &[
        ("train_loss", Noise::LOSS),
        ("test_loss", Noise::LOSS),
        ("test_accuracy", Noise::ShareOfTest),
        ("mean_margin", Noise::QUANTILE),
        ("median_input_gradient_norm", Noise::QUANTILE),
        ("successes", Noise::CountAmong("correct")),
    ];
}

/// The quantity in which two compared models are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The mean loss on training images.
    TrainLoss,
    /// The accuracy on the test set.
    TestAccuracy,
    /// The mean logit margin on the test set.
    MeanMargin,
}

/// An optimizer's end point and the equal point on another optimizer's path, with FGSM's success rate, the test loss and the test
/// accuracy on each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MatchRow {
    /// The optimizer whose end point is matched.
    pub reference: String,
    /// The optimizer whose path is searched for the equal point.
    pub optimizer: String,
    /// Both runs' seed.
    pub seed: u64,
    /// The quantity that is equal.
    pub basis: Basis,
    /// Its value at the end point.
    pub value: f64,
    /// The step at which the other path first reaches this value, interpolated linearly between checkpoints; `None` if it never
    /// does.
    pub step: Option<f64>,
    /// FGSM's radius.
    pub epsilon: f64,
    /// The share of the end point's correct images that are misclassified after FGSM.
    pub reference_rate: f64,
    /// The share of the equal point's correct images that are misclassified after FGSM; `None` if the value is never reached.
    pub rate: Option<f64>,
    /// The mean loss of the end point on the test set.
    pub reference_test_loss: f64,
    /// The mean loss of the equal point on the test set; `None` if the value is never reached.
    pub test_loss: Option<f64>,
    /// The accuracy of the end point on the test set.
    pub reference_test_accuracy: f64,
    /// The accuracy of the equal point on the test set; `None` if the value is never reached.
    pub test_accuracy: Option<f64>,
}

impl Record for MatchRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.reference, &mut self.optimizer]
    }
}

impl Compared for MatchRow {
    const FILES: &'static [&'static str] = &["studies/matched/matches.csv"];
    const KEYS: &'static [&'static str] = &["reference", "optimizer", "basis", "epsilon"];
    const METRICS: &'static [(&'static str, Noise)] =
        &[("step", Noise::RATE), ("reference_rate", Noise::RATE), ("rate", Noise::RATE)];
}

/// The difference of an optimizer's end point and the equal points on another optimizer's paths, over the seeds that reach them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MatchedDifferenceRow {
    /// The optimizer whose end points are matched.
    pub reference: String,
    /// The optimizer whose paths are searched for the equal points.
    pub optimizer: String,
    /// The quantity that is equal.
    pub basis: Basis,
    /// The compared quantity, with its unit.
    pub quantity: String,
    /// FGSM's radius, if the quantity has one.
    pub epsilon: Option<f64>,
    /// The seeds with an equal point.
    pub reached: u32,
    /// All seeds.
    pub seeds: u32,
    /// The mean of the difference, end point less equal point.
    pub effect: f64,
    /// The lower end of the 95 % interval over seeds. The interval of a single seed is infinite.
    pub low: f64,
    /// The upper end of the 95 % interval.
    pub high: f64,
}

impl Record for MatchedDifferenceRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.reference, &mut self.optimizer]
    }
}

impl Basis {
    /// The quantity's value at a checkpoint.
    #[must_use]
    pub fn of(self, row: &PathRow) -> f64 {
        match self {
            Self::TrainLoss => row.train_loss,
            Self::TestAccuracy => row.test_accuracy,
            Self::MeanMargin => row.mean_margin,
        }
    }
}
