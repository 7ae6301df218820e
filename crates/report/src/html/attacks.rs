//! Attacks stronger than FGSM, proofs, masked gradients, transfer.

use super::prose::prose;
use super::section::Section;
use super::training;
use crate::input::ReportInput;
use crate::{certified, robustness};
use maud::html;
use minima_rows::MaskingRow;

pub(super) fn sections(input: &ReportInput<'_>) -> Vec<Section> {
    let mut sections = Vec::new();
    let words = robustness::section(input);
    let figure = training::robust_accuracy(input);
    if words.is_some() || figure.is_some() {
        let body = html! {
            @if let Some(words) = words { (prose(&words)) }
            @if let Some(figure) = figure { (figure) }
        };
        sections.push(Section::new("attacks", input.heading("Stronger attacks"), body));
    }
    if let Some(words) = certified::section(input) {
        let body = html! {
            (prose(&words))
            @if let Some(figure) = training::certified_accuracy(input) { (figure) }
        };
        sections.push(Section::new("proofs", input.heading("Proofs"), body));
    }
    sections.extend(masking(input));
    if let Some(words) = robustness::transfer(input.transfer) {
        sections.push(Section::new("transfer", input.heading("Transfer"), prose(&words)));
    }
    sections
}

/// The checks for masked gradients: the failed checks, and all checks in a collapsed table.
fn masking(input: &ReportInput<'_>) -> Option<Section> {
    let all = robustness::masking(input.masking, "All checks of each model")?;
    let count = |verdict: &str| input.masking.iter().filter(|row| row.verdict == verdict).count();
    let (passed, not_run) = (count("pass"), count("not run"));
    let failed = |row: &&MaskingRow| row.verdict != "pass" && row.verdict != "not run";
    let failed: Vec<MaskingRow> = input.masking.iter().filter(failed).cloned().collect();
    let shown = robustness::masking(&failed, "Checks that do not pass").unwrap_or_default();
    let body = html! {
        p {
            (passed) " of " (input.masking.len()) " checks pass."
            @if not_run > 0 { " " (not_run) " could not be run." }
            @if !failed.is_empty() { " These do not pass:" }
        }
        (prose(&shown))
        details {
            summary { "All checks" }
            (prose(&all))
        }
    };
    Some(Section::new("masking", input.heading("Masked gradients"), body))
}
