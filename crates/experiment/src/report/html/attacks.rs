//! Attacks stronger than FGSM, masked gradients, transfer.

use super::prose::prose;
use super::section::Section;
use super::training;
use crate::report::{ReportInput, robustness};
use maud::html;

pub(super) fn sections(input: &ReportInput<'_>) -> Vec<Section> {
    let mut sections = Vec::new();
    let words = robustness::section(input);
    let figure = training::robust_accuracy(input);
    if words.is_some() || figure.is_some() {
        let body = html! {
            @if let Some(words) = words { (prose(&words, "Images that stand each attack")) }
            @if let Some(figure) = figure { (figure) }
        };
        sections.push(Section::new("attacks", "Stronger attacks", body));
    }
    if let Some(words) = robustness::masking(input.masking) {
        sections.push(Section::new("masking", "Masked gradients", prose(&words, "Checks of each model")));
    }
    if let Some(words) = robustness::transfer(input.transfer) {
        sections.push(Section::new("transfer", "Transfer", prose(&words, "Shares turned, by model")));
    }
    sections
}
