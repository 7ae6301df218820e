//! `studies/seeds/claims.csv`: one row per comparison that decides a claim.

use serde::{Deserialize, Serialize};

use crate::{Compared, Noise, Record};

/// The verdict on a claim, from the interval over seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimVerdict {
    /// The interval is on the claimed side of the border.
    Holds,
    /// The interval is on the other side of the border.
    Fails,
    /// The effect may be on either side of the border, but is smaller than the smallest one that matters.
    Negligible,
    /// None of these is shown.
    Undecided,
}

/// One comparison of one claim for one optimizer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClaimRow {
    /// The claim's letter, `a` to `i`.
    pub claim: String,
    /// The optimizer that the claim is about: the Gauss-Newton, if the claim names one.
    pub optimizer: String,
    /// What this optimizer is compared with: an optimizer, the training labels, or empty.
    pub against: String,
    /// The training labels: `clean` or `poisoned`.
    pub labels: String,
    /// FGSM's radius or the perturbation's norm, if the quantity has one.
    pub at: Option<f64>,
    /// The compared quantity, with its unit.
    pub quantity: String,
    /// Seeds compared.
    pub seeds: u32,
    /// The effect: the mean over seeds of the difference.
    pub effect: f64,
    /// The lower end of the 95 % interval. The interval of a single seed is infinite.
    pub low: f64,
    /// The upper end of the 95 % interval.
    pub high: f64,
    /// The two-sided p-value: the probability of an effect at least as far from the border, if the true effect is at the border.
    pub p: f64,
    /// The p-value after a correction (Holm, Shaffer) over all comparisons of the file.
    pub p_holm: f64,
    /// The smallest effect that matters; empty if none is known for the quantity.
    pub negligible: Option<f64>,
    /// The p-value of two one-sided tests that the effect is smaller than that, after the same correction; empty without such an
    /// effect.
    pub p_negligible: Option<f64>,
    /// The border: zero, or the largest difference that counts as equal.
    pub border: f64,
    /// The smallest distance from the border that these seeds find with a probability of 80 %, with a correction (Bonferroni) for all
    /// comparisons of the file; empty for a single seed.
    pub least_effect: Option<f64>,
    /// The number of seeds that would decide with a probability of 80 %, with the same correction, if effect and spread are as
    /// measured: on which side of the border the effect is, or that it is negligible. Empty if no number of seeds would, on these
    /// images.
    pub seeds_to_decide: Option<u32>,
    /// The verdict.
    pub verdict: ClaimVerdict,
}

impl Record for ClaimRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.optimizer, &mut self.against]
    }
}

impl Compared for ClaimRow {
    const FILES: &'static [&'static str] = &["studies/seeds/claims.csv"];
    const KEYS: &'static [&'static str] = &["claim", "optimizer", "against", "labels", "at", "quantity"];
    const METRICS: &'static [(&'static str, Noise)] = &[("verdict", Noise::Exact)];
}
