//! The paper's tables beside ours, and what matches.

use super::prose::prose;
use super::section::Section;
use super::table::table;
use crate::paper::PaperError;
use crate::report::ReportInput;
use crate::report::findings::{Finding, Verdict};
use crate::report::paper_tables::parts;
use maud::html;

/// What matches the paper and what does not; none where nothing is said.
pub(super) fn findings(findings: &[Finding]) -> Option<Section> {
    if findings.is_empty() {
        return None;
    }
    let body = html! {
        ul {
            @for finding in findings {
                li {
                    @match finding.verdict {
                        Verdict::Matches => span class="holds" { "Matches. " },
                        Verdict::Differs => span class="fails" { "Does not match. " },
                        Verdict::Unjudged => span class="undecided" { "Not judged. " },
                    }
                    (super::prose::inline(&finding.text))
                }
            }
        }
    };
    Some(Section::new("findings", "What matches the paper and what does not", body))
}

/// Tables 1, 2 and 3, those that there are rows of.
pub(super) fn sections(input: &ReportInput<'_>) -> Result<Vec<Section>, PaperError> {
    let mut sections: Vec<Section> = parts(input)?
        .into_iter()
        .map(|part| {
            let body = html! { (prose(&part.words, "")) (table(part.caption, &part.table)) };
            Section::new(part.id, part.title, body)
        })
        .collect();
    if let Some(text) = crate::report::tf32::section(input)? {
        let body = prose(&text, "The published Gauss-Newton without and with TF32's rounding");
        sections.push(Section::new("tf32", "The published Gauss-Newton in TF32", body));
    }
    Ok(sections)
}
