//! What the studies say, in sentences and tables that follow from their rows.

pub(super) mod claims;
pub(super) mod damping;
pub(super) mod failures;
pub(super) mod landscape;
pub(super) mod logit_scale;
pub(super) mod matched;
pub(super) mod poison;
pub(super) mod precision;
mod sample;
pub(super) mod seeds;

pub(super) use sample::Sample;

use crate::results::StudyResults;
use crate::tables::Beside;

/// The studies' titles and what is said of each, for those that there are rows of.
pub(super) fn sections(studies: &StudyResults, beside: Beside) -> Vec<(&'static str, String)> {
    [
        (claims::title(beside), claims::section(&studies.claims, beside)),
        (seeds::TITLE, seeds::section(studies)),
        (matched::TITLE, matched::section(studies)),
        (logit_scale::TITLE, logit_scale::section(&studies.logit_scale)),
        (poison::TITLE, poison::section(&studies.poison)),
        (damping::TITLE, damping::section(&studies.damping)),
        (precision::TITLE, precision::section(&studies.precision, &studies.drift)),
        (landscape::TITLE, landscape::section(&studies.surface, &studies.segments)),
        (failures::TITLE, failures::section(&studies.failures)),
    ]
    .into_iter()
    .filter_map(|(title, text)| Some((title, text?)))
    .collect()
}

/// The radius that sentences quote: the paper's first where it is among these, else the largest.
pub(super) fn quoted_epsilon(epsilons: impl IntoIterator<Item = f64>) -> Option<f64> {
    let found: Vec<f64> = epsilons.into_iter().collect();
    let papers = found.iter().copied().find(|epsilon| crate::paper::same(*epsilon, crate::paper::EPSILONS[0]));
    papers.or_else(|| found.into_iter().max_by(f64::total_cmp))
}

/// "75.6 %" of a share.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
