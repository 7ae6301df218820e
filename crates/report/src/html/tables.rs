//! The tables of attacks and loss increases, and the findings on the reference.

use super::inline::inline;
use super::prose::prose;
use super::section::Section;
use crate::commentary::{Agreement, Comments, Finding, Place};
use crate::document::Document;
use crate::input::ReportInput;

use crate::table_parts::parts;
use maud::html;

/// The section on what matches the reference; `None` without findings.
pub(super) fn findings(noun: &str, findings: &[Finding]) -> Option<Section> {
    if findings.is_empty() {
        return None;
    }
    let body = html! {
        ul {
            @for finding in findings {
                li {
                    @match finding.agreement {
                        Agreement::Matches => span class="holds" { "Matches. " },
                        Agreement::Differs => span class="fails" { "Does not match. " },
                        Agreement::Unjudged => span class="undecided" { "Not judged. " },
                    }
                    (inline(&finding.text))
                }
            }
        }
    };
    Some(Section::new("findings", format!("What matches the {noun} and what does not"), body))
}

/// The tables that have rows.
pub(super) fn sections(input: &ReportInput<'_>, comments: &Comments) -> Vec<Section> {
    let parts = parts(input).into_iter().map(|part| {
        let body = prose(&Document::of_paragraph(part.words).table(part.caption, part.table));
        Section::new(part.id, part.title, body)
    });
    parts.chain(of_reference(comments, Place::AfterAttacks)).collect()
}

/// The reference's sections for this place.
pub(super) fn of_reference(comments: &Comments, place: Place) -> impl Iterator<Item = Section> {
    let here = comments.sections_at(place);
    here.map(|section| Section::new(section.id, section.title, prose(&section.text)))
}
