//! Claims with their verdicts.

use crate::records::ClaimRow;
use crate::report::html::prose::prose;
use crate::report::html::section::Section;
use crate::report::html::table::table;
use crate::report::studies::claims::{DIFFERENCES, comparisons, differences, sentences, summary, title};
use crate::tables::Beside;
use maud::html;

pub(super) fn section(rows: &[ClaimRow], beside: Beside) -> Option<Section> {
    if beside == Beside::Nothing {
        let differences = differences(rows);
        let body = html! { p { (DIFFERENCES) } (table("Effects with their intervals", &differences)) };
        return (!differences.rows.is_empty()).then(|| Section::new("claims", title(beside), body));
    }
    let words = sentences(rows)?;
    let body = html! {
        (prose(&words, ""))
        (table("Each claim for each optimizer: how many of its comparisons hold, fail or are undecided", &summary(rows)))
        details {
            summary { "Every comparison" }
            (table("Effects with their intervals", &comparisons(rows)))
        }
    };
    Some(Section::new("claims", title(beside), body))
}
