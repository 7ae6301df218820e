//! Claims with their verdicts.

use crate::records::ClaimRow;
use crate::report::html::prose::prose;
use crate::report::html::section::Section;
use crate::report::html::table::table;
use crate::report::studies::claims::{TITLE, comparisons, sentences, summary};
use maud::html;

pub(super) fn section(rows: &[ClaimRow]) -> Option<Section> {
    let words = sentences(rows)?;
    let body = html! {
        (prose(&words, ""))
        (table("Each claim for each optimizer: how many of its comparisons hold, fail or are undecided", &summary(rows)))
        details {
            summary { "Every comparison" }
            (table("Effects with their intervals", &comparisons(rows)))
        }
    };
    Some(Section::new("claims", TITLE, body))
}
