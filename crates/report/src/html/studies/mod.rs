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
use crate::input::ReportInput;
use crate::results::StudyResults;
use crate::studies::failures;

/// The section of the claims; `None` without rows.
pub(super) fn claims(input: &ReportInput<'_>) -> Option<Section> {
    claims::section(input, &input.studies?.claims)
}

/// The sections of the other studies that have rows.
pub(super) fn sections(studies: &StudyResults) -> Vec<Section> {
    [
        seeds::section(studies),
        matched::section(studies),
        logit_scale::section(&studies.logit_scale),
        poison::section(&studies.poison),
        damping::section(&studies.damping),
        precision::section(&studies.precision, &studies.drift),
        landscape::section(&studies.surface, &studies.segments),
        failures::section(&studies.failures).map(|text| Section::new("failures", failures::TITLE, prose(&text))),
    ]
    .into_iter()
    .flatten()
    .collect()
}
