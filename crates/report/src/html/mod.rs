//! `report.html`: a self-contained page, which needs neither the network nor other files.
//!
//! It depends only on a folder's files: equal files give equal bytes.

mod answer;
mod attacks;
mod chart;
mod curvature;
mod distributions;
mod gallery;
mod inline;
mod methods;
mod page;
mod parts;
mod prose;
mod section;
mod studies;
mod table;
mod tables;
mod theme;
mod training;

pub(crate) use parts::parts_page;

use crate::answer::Answer;
use crate::commentary::{Commentary, Comments};
use crate::document::Document;
use crate::error::ReportError;
use crate::input::ReportInput;
use crate::results::Results;
use crate::summary;

/// The whole page. It contains exactly the sections that have rows.
///
/// # Errors
/// Returns [`ReportError::Figure`] if the pixels of an image cannot be encoded.
pub fn page(results: &Results, commentary: Option<&'static dyn Commentary>) -> Result<String, ReportError> {
    let input = ReportInput::of(results, commentary.map(|own| own as _));
    let comments = Comments::of(commentary, &input);
    let mut sections = Vec::new();
    if !input.training.is_empty() || !input.clean_fgsm.is_empty() {
        sections.extend(commentary.and_then(|own| tables::findings(own.noun(), &comments.findings)));
    }
    sections.extend(training::section(&input, &comments.curve_differences));
    sections.extend(tables::sections(&input, &comments));
    sections.extend(studies::claims(&input));
    sections.extend(distributions::sections(&input));
    sections.extend(curvature::section(&input));
    sections.extend(attacks::sections(&input));
    sections.extend(gallery::section(&results.adversarial, results.class_names())?);
    sections.extend(studies::sections(&results.studies, input.optimizers));
    sections.extend(methods::sections(&input, &comments, results));

    let on = results.data_set.name().map_or_else(String::new, |name| format!(" on {name}"));
    let title = format!("minima: {}{on}", results.name);
    let lead = prose::prose(&Document::of_paragraph(summary::what_was_run(&input)));
    let first = answer::answer(&input, &Answer::of(&input, &comments.findings));
    let colors = theme::colors(input.optimizers);
    Ok(page::document(&title, &lead, &first, &sections, &colors).into_string())
}
