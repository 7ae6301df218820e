//! `studies/radii/radii.csv`: the distances of a model's images to the nearest misclassified image, one row per model;
//! `studies/radii/differences.csv`: two optimizers compared.

use crate::Record;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The brackets of one model's images. A proof gives the lower end of a bracket and an attack the upper end, in L∞.
///
/// A misclassified image has the distance 0. An image that no attack broke counts with the largest radius that was attacked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RadiusRow {
    /// The training labels: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// Test images examined, the first ones.
    pub images: u32,
    /// Images that the model classifies correctly.
    pub correct: u32,
    /// Images that no attack broke.
    pub unbroken: u32,
    /// The mean of the largest proved radii over all images, the average certified radius.
    pub mean_proved: f64,
    /// The mean of the smallest broken radii over all images.
    pub mean_broken: f64,
    /// The median of the largest proved radii over all images.
    pub median_proved: f64,
    /// The median of the smallest broken radii over all images.
    pub median_broken: f64,
}

impl Record for RadiusRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.optimizer]
    }
}

/// A difference of two optimizers' mean radii.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RadiusQuantity {
    /// The difference of the proved radii.
    Proved,
    /// The difference of the broken radii.
    Broken,
    /// The proved radius of the optimizer less the broken radius of the other one: the true distances differ by at least as much.
    Least,
    /// The broken radius of the optimizer less the proved radius of the other one: the true distances differ by at most as much.
    Most,
}

impl fmt::Display for RadiusQuantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Proved => "proved",
            Self::Broken => "broken",
            Self::Least => "at least",
            Self::Most => "at most",
        })
    }
}

/// The mean radii of two optimizers' models compared, paired by seed and image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RadiusDifferenceRow {
    /// The optimizer.
    pub optimizer: String,
    /// The other optimizer.
    pub against: String,
    /// The difference.
    pub quantity: RadiusQuantity,
    /// Seeds with models of both.
    pub seeds: u32,
    /// The mean over seeds.
    pub effect: f64,
    /// The lower end of the 95 % interval over seeds and images.
    pub low: f64,
    /// The upper end of the 95 % interval over seeds and images.
    pub high: f64,
    /// The probability of an effect this far from 0 if the true effect were 0, with Holm's correction for all comparisons of the same
    /// quantity. Of `least` only effects above 0 count, of `most` only effects below 0.
    pub p_holm: f64,
}

impl Record for RadiusDifferenceRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.optimizer, &mut self.against]
    }
}
