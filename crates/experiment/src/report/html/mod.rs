//! `report.html`: one page that needs nothing else, neither the network nor a file beside it.
//!
//! It follows from a folder's files alone: equal files give equal bytes.

mod answer;
mod attacks;
mod chart;
mod curvature;
mod distributions;
mod gallery;
mod methods;
mod page;
mod paper_tables;
mod prose;
mod section;
mod studies;
mod table;
mod theme;
mod training;

use super::answer::Answer;
use super::findings::findings;
use super::{ReportInput, summary};
use crate::error::ExperimentError;
use crate::results::Results;

const QUESTION: &str = "Which minimum does an optimizer find, and how robust is it?";

/// The whole page. A section is there exactly if there are rows for it.
///
/// # Errors
/// None that rows which could be read can cause.
pub fn page(results: &Results) -> Result<String, ExperimentError> {
    let input = ReportInput::of(results);
    let findings = findings(&input)?;
    let mut sections = Vec::new();
    if !input.training.is_empty() || !input.table1.is_empty() {
        sections.extend(paper_tables::findings(&findings));
    }
    sections.extend(training::section(&input)?);
    sections.extend(paper_tables::sections(&input)?);
    sections.extend(studies::claims(&results.studies, input.beside()));
    sections.extend(distributions::sections(&input)?);
    sections.extend(curvature::section(&input));
    sections.extend(attacks::sections(&input));
    sections.extend(gallery::section(&results.adversarial)?);
    sections.extend(studies::sections(&results.studies));
    sections.extend(methods::sections(&input, results));

    let on = results.data_set.name().map_or_else(String::new, |name| format!(" on {name}"));
    let title = format!("minima: {}{on}", results.name);
    let lead = prose::prose(&summary::what_was_run(&input), "");
    let first = answer::answer(&input, &Answer::of(&input, &findings));
    Ok(page::document(&title, QUESTION, &lead, &first, &sections).into_string())
}
