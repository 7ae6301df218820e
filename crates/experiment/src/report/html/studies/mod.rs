//! The sections of the studies.

mod claims;
mod damping;
mod landscape;
mod logit_scale;
mod matched;
mod poison;
mod precision;
mod seeds;

use super::prose::prose;
use super::section::Section;
use crate::report::studies::failures;
use crate::results::StudyResults;
use crate::tables::Beside;

/// The section of the claims; none where there are none.
pub(super) fn claims(studies: &StudyResults, beside: Beside) -> Option<Section> {
    claims::section(&studies.claims, beside)
}

/// The other studies, those that there are rows of.
pub(super) fn sections(studies: &StudyResults) -> Vec<Section> {
    [
        seeds::section(studies),
        matched::section(studies),
        logit_scale::section(&studies.logit_scale),
        poison::section(&studies.poison),
        damping::section(&studies.damping),
        precision::section(&studies.precision, &studies.drift),
        landscape::section(&studies.surface, &studies.segments),
        failures::section(&studies.failures)
            .map(|text| Section::new("failures", failures::TITLE, prose(&text, failures::TITLE))),
    ]
    .into_iter()
    .flatten()
    .collect()
}
