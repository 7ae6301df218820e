//! The sections of the studies.

mod claims;
mod damping;
mod landscape;
mod logit_scale;
mod matched;
mod poison;
mod precision;
mod predictors;
mod radii;
mod seeds;

use super::prose::prose;
use super::section::Section;
use crate::input::ReportInput;
use crate::own_optimizer::OwnOptimizer;
use crate::results::StudyResults;
use crate::studies::failures;

/// The section of the claims; `None` without rows.
pub(super) fn claims(input: &ReportInput<'_>) -> Option<Section> {
    claims::section(input, &input.studies?.claims)
}

/// The sections of the other studies that have rows. The optimizers `own` bring their appearance.
pub(super) fn sections(studies: &StudyResults, own: &[OwnOptimizer]) -> Vec<Section> {
    [
        seeds::section(studies, own),
        matched::section(studies, own),
        logit_scale::section(&studies.logit_scale, own),
        poison::section(&studies.poison, own),
        damping::section(&studies.damping),
        precision::section(&studies.precision, &studies.drift),
        landscape::section(&studies.surface, &studies.segments),
        predictors::section(&studies.predictors),
        radii::section(studies, own),
        failures::section(&studies.failures).map(|text| Section::new("failures", failures::TITLE, prose(&text))),
    ]
    .into_iter()
    .flatten()
    .collect()
}
