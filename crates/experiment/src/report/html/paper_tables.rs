//! The paper's tables beside ours, and what matches.

use super::prose::prose;
use super::section::Section;
use super::table::table;
use crate::paper::PaperError;
use crate::report::ReportInput;
use crate::report::findings::{Finding, Verdict};
use crate::tables::{fgsm_table, sharpness_table};
use maud::html;

const READ: &str = "“paper” is the paper's number for the optimizer of that name, Δ ours less the paper's.";

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
    let mut sections = Vec::new();
    if !input.table1.is_empty() {
        let body = html! {
            p { "Test images classified correctly, and of those the ones that FGSM flips. " (READ) }
            (table("FGSM on the models trained on clean labels", &fgsm_table(input.table1)?))
        };
        sections.push(Section::new("table1", "Table 1: FGSM, clean training", body));
    }
    if !input.table2.is_empty() {
        let body = html! {
            p {
                "As table 1. The paper's poisoned labels were drawn unseeded and with replacement, so its numbers can be met in \
                 distribution only."
            }
            (table("FGSM on the models trained on poisoned labels", &fgsm_table(input.table2)?))
        };
        sections.push(Section::new("table2", "Table 2: FGSM, poisoned training", body));
    }
    if !input.table3.is_empty() {
        let body = html! {
            p { "Loss increase of the clean models on the test set. The paper gives medians, for the scope " code { "batch" } "." }
            (table("Loss increase under a weight perturbation of length ρ", &sharpness_table(input.table3)?))
        };
        sections.push(Section::new("table3", "Table 3: sharpness", body));
    }
    if let Some(text) = crate::report::tf32::section(input)? {
        let body = prose(&text, "The published Gauss-Newton without and with TF32's rounding");
        sections.push(Section::new("tf32", "The published Gauss-Newton in TF32", body));
    }
    Ok(sections)
}
