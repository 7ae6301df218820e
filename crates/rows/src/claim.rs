//! `studies/seeds/claims.csv`: a comparison that decides a claim a row.

use serde::{Deserialize, Serialize};

use crate::{Compared, Noise, Record};

/// What the seeds say to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimVerdict {
    /// The interval lies where the claim puts it.
    Holds,
    /// The interval lies where the claim does not put it.
    Fails,
    /// The interval reaches over the border.
    Undecided,
}

/// One comparison of one claim for one Gauss-Newton.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClaimRow {
    /// The claim's letter, `a` to `h`.
    pub claim: String,
    /// The Gauss-Newton it is about; the optimizer it is about where the claim names no Gauss-Newton.
    pub optimizer: String,
    /// What that is compared with: an optimizer, a data set, or nothing.
    pub against: String,
    /// The training set.
    pub labels: String,
    /// FGSM's radius or the perturbation's norm, where there is one.
    pub at: Option<f64>,
    /// What is compared, with its unit.
    pub quantity: String,
    /// Seeds compared.
    pub seeds: u32,
    /// The effect: the mean over seeds of the difference.
    pub effect: f64,
    /// The 95 % interval's lower end; a single seed's interval is infinite.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// Probability of an effect at least as far from the border, on either side, if it lay there.
    pub p: f64,
    /// The same after Holm's correction over all comparisons of the file.
    pub p_holm: f64,
    /// The border: zero, or how far apart counts as equal.
    pub border: f64,
    /// What follows.
    pub verdict: ClaimVerdict,
}

impl Record for ClaimRow {}

impl Compared for ClaimRow {
    const FILES: &'static [&'static str] = &["studies/seeds/claims.csv"];
    const KEYS: &'static [&'static str] = &["claim", "optimizer", "against", "labels", "at", "quantity"];
    const METRICS: &'static [(&'static str, Noise)] = &[("verdict", Noise::Exact)];
}
