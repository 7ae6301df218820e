//! The tables of attacks and loss increases with the text above them, shared by both reports.

use crate::input::ReportInput;
use crate::reference::Remarks;
use crate::result_tables::{fgsm_table, sharpness_table};
use minima_rows::Table;

/// A table with its heading and the text above it.
pub(crate) struct Part {
    /// The id of its section.
    pub id: &'static str,
    pub title: String,
    pub words: String,
    pub caption: &'static str,
    pub table: Table,
}

/// The tables that have rows.
pub(crate) fn parts(input: &ReportInput<'_>) -> Vec<Part> {
    let reference = input.beside();
    let remarks = reference.map_or(Remarks::default(), |own| own.remarks());
    let with = |words: &str, remark: &str| format!("{words} {remark}").trim_end().to_owned();
    let counts = "Correct: number of test images that are classified correctly. Successes: number of these images that are \
                  misclassified after FGSM. The success rate is the share of successes among the correct images.";
    let all = [
        Part {
            id: "fgsm-clean",
            title: input.heading("FGSM, clean labels"),
            words: with(counts, remarks.clean_fgsm),
            caption: "FGSM on the models trained on clean labels",
            table: fgsm_table(input.clean_fgsm, reference),
        },
        Part {
            id: "fgsm-poisoned",
            title: input.heading("FGSM, poisoned labels"),
            words: with("The same counts for the models trained on poisoned labels.", remarks.poisoned_fgsm),
            caption: "FGSM on the models trained on poisoned labels",
            table: fgsm_table(input.poisoned_fgsm, reference),
        },
        Part {
            id: "sharpness",
            title: input.heading("Sharpness"),
            words: with("Loss increase of the clean models on the test set.", remarks.sharpness),
            caption: "Loss increase under a weight perturbation of length ρ",
            table: sharpness_table(input.sharpness, reference),
        },
    ];
    all.into_iter().filter(|part| !part.table.rows.is_empty()).collect()
}
