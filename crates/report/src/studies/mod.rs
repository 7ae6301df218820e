//! Sentences and tables on the studies, derived from their rows.

pub(super) mod claims;
pub(super) mod damping;
mod effect_cells;
pub(super) mod failures;
pub(super) mod landscape;
pub(super) mod logit_scale;
pub(super) mod matched;
pub(super) mod poison;
pub(super) mod precision;
pub(super) mod predictors;
mod quoted;
pub(super) mod radii;
mod sample;
pub(super) mod seeds;

pub(super) use quoted::{percent, quoted_epsilon};
pub(super) use sample::Sample;

use crate::document::Document;
use crate::input::ReportInput;

/// Titles and texts of the studies that have rows.
pub(super) fn sections(input: &ReportInput<'_>) -> Vec<(&'static str, Document)> {
    let Some(studies) = input.studies else { return Vec::new() };
    [
        (claims::title(input.claims()), claims::section(input, &studies.claims)),
        (seeds::TITLE, seeds::section(studies)),
        (matched::TITLE, matched::section(studies)),
        (logit_scale::TITLE, logit_scale::section(&studies.logit_scale)),
        (poison::TITLE, poison::section(&studies.poison)),
        (damping::TITLE, damping::section(&studies.damping)),
        (precision::TITLE, precision::section(&studies.precision, &studies.drift)),
        (landscape::TITLE, landscape::section(&studies.surface, &studies.segments)),
        (predictors::TITLE, predictors::section(&studies.predictors)),
        (radii::TITLE, radii::section(studies)),
        (failures::TITLE, failures::section(&studies.failures)),
    ]
    .into_iter()
    .filter_map(|(title, text)| Some((title, text?)))
    .collect()
}
