//! `certified.csv`: what is known of each image at each radius; `tables/certified.csv`: the sums for each model; `brackets.csv`: the radii between which the smallest broken one
//! lies; `seconds.csv`: how long each answer took.

use crate::{Compared, Noise, Record};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What is known of an image and a ball around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// The model misclassifies the image itself.
    Misclassified,
    /// The model misclassifies an image of the ball, which was found.
    Broken,
    /// The model misclassifies no image of the ball, which was proved.
    Proved,
    /// Neither is known.
    Undecided,
}

impl fmt::Display for Certainty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Misclassified => "misclassified",
            Self::Broken => "broken",
            Self::Proved => "proved",
            Self::Undecided => "undecided",
        })
    }
}

/// What is known of one image at one radius.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CertifiedRow {
    /// The image's number in the test set, from 0.
    pub image: u32,
    /// Its class.
    pub label: u32,
    /// The norm of the ball: `linf` or `l2`.
    pub norm: String,
    /// The ball's radius.
    pub epsilon: f64,
    /// What is known.
    pub verdict: Certainty,
    /// A lower bound of the smallest margin between the class's logit and another one over the ball. Empty if no bound was computed.
    pub bound: Option<f64>,
    /// The number of ReLUs whose sign was not known before branch and bound. Empty if no bound was computed.
    pub unstable: Option<u64>,
    /// The number of domains that branch and bound examined.
    pub domains: u64,
    /// Why the image is undecided: `method`, `time`, `domains`, `leaves` or `overflow`. Empty otherwise.
    pub why: String,
}

impl Record for CertifiedRow {}

/// What is known of the images of one model at one radius.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CertifiedAccuracyRow {
    /// The training labels: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// The norm of the balls.
    pub norm: String,
    /// The balls' radius.
    pub epsilon: f64,
    /// Test images examined, the first ones.
    pub images: u32,
    /// Images that the model classifies correctly.
    pub correct: u32,
    /// Images among `correct` for which a proof was found that no image of the ball is misclassified.
    pub proved: u32,
    /// Images among `correct` with a misclassified image in the ball, which was found.
    pub broken: u32,
    /// The other images among `correct`.
    pub undecided: u32,
}

impl CertifiedAccuracyRow {
    /// The shares of all images that are proved, and that are not broken, each from 0 to 1. The robust accuracy lies between them.
    #[must_use]
    pub fn bracket(&self) -> [f64; 2] {
        let share = |count: u32| f64::from(count) / f64::from(self.images.max(1));
        [share(self.proved), share(self.proved.saturating_add(self.undecided))]
    }
}

impl Record for CertifiedAccuracyRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.optimizer]
    }
}

impl Compared for CertifiedAccuracyRow {
    const FILES: &'static [&'static str] = &["tables/certified.csv"];
    const KEYS: &'static [&'static str] = &["labels", "optimizer", "norm", "epsilon", "images"];
    const METRICS: &'static [(&'static str, Noise)] =
        &[("proved", Noise::CountAmong("images")), ("broken", Noise::CountAmong("images"))];
}

/// The radii between which the distance to the nearest misclassified image lies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BracketRow {
    /// The image's number in the test set, from 0.
    pub image: u32,
    /// Its class.
    pub label: u32,
    /// The norm: `linf` or `l2`.
    pub norm: String,
    /// The largest radius that was proved; 0 if none was, or if the image itself is misclassified.
    pub proved: f64,
    /// The smallest radius that was broken; 0 if the image itself is misclassified, and empty if no radius was broken.
    pub broken: Option<f64>,
}

impl Record for BracketRow {}

/// The time that an answer took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CertificationTimeRow {
    /// The image's number in the test set, from 0.
    pub image: u32,
    /// The radius; empty for a bracket.
    pub epsilon: Option<f64>,
    /// The wall-clock time of bounds and search, without the attack on all images.
    pub seconds: f64,
}

impl Record for CertificationTimeRow {}
