//! Tables 1, 2 and 3 with what is said above them: made once, for both reports.

use super::ReportInput;
use crate::paper::PaperError;
use crate::tables::{Beside, Table, fgsm_table, sharpness_table};

/// A table with its heading and the words above it, in Markdown.
pub(super) struct Part {
    /// Its name in addresses.
    pub id: &'static str,
    pub title: String,
    pub words: String,
    pub caption: &'static str,
    pub table: Table,
}

/// The tables that there are rows of.
///
/// # Errors
/// Returns [`PaperError`] if the embedded numbers of the paper do not parse.
pub(super) fn parts(input: &ReportInput<'_>) -> Result<Vec<Part>, PaperError> {
    let beside = input.beside();
    let with = |words: &str, paper: &str| match beside {
        Beside::Paper => format!("{words} {paper}"),
        Beside::Nothing => words.to_owned(),
    };
    let counts = "Correct: test images that are classified correctly. Successes: of these, the images that are misclassified after \
                  FGSM; the success rate is their share.";
    let mut parts = Vec::new();
    if !input.table1.is_empty() {
        parts.push(Part {
            id: "table1",
            title: input.heading("Table 1: FGSM, clean training"),
            words: with(
                counts,
                "“paper” is the paper's number for the optimizer of that name, Δ ours less the paper's.",
            ),
            caption: "FGSM on the models trained on clean labels",
            table: fgsm_table(input.table1, beside)?,
        });
    }
    if !input.table2.is_empty() {
        parts.push(Part {
            id: "table2",
            title: input.heading("Table 2: FGSM, poisoned training"),
            words: with(
                "As table 1, for the models trained on poisoned labels.",
                "The paper's poisoned labels were drawn unseeded and with replacement, so its numbers can be met in distribution \
                 only.",
            ),
            caption: "FGSM on the models trained on poisoned labels",
            table: fgsm_table(input.table2, beside)?,
        });
    }
    if !input.table3.is_empty() {
        parts.push(Part {
            id: "table3",
            title: input.heading("Table 3: sharpness"),
            words: with(
                "Loss increase of the clean models on the test set.",
                "The paper gives medians, for the scope `batch`.",
            ),
            caption: "Loss increase under a weight perturbation of length ρ",
            table: sharpness_table(input.table3, beside)?,
        });
    }
    Ok(parts)
}
