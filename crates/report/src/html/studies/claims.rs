//! Claims with their verdicts.

use crate::html::prose::prose;
use crate::html::section::Section;
use crate::html::table::table;
use crate::input::ReportInput;
use crate::studies::claims::{about_differences, comparisons, differences, sentences, summary, title};
use maud::html;
use minima_rows::ClaimRow;

pub(super) fn section(input: &ReportInput<'_>, rows: &[ClaimRow]) -> Option<Section> {
    let claims = input.claims();
    if claims.is_empty() {
        let differences = differences(rows);
        let body = html! { p { (about_differences(input)) } (table("Effects with 95 % intervals", &differences)) };
        return (!differences.rows.is_empty()).then(|| Section::new("claims", title(claims), body));
    }
    let words = sentences(rows, claims)?;
    let body = html! {
        (prose(&words))
        (table("Number of comparisons that hold, fail, are negligible or undecided, for each claim and optimizer", &summary(rows, claims)))
        details {
            summary { "Every comparison" }
            (table("Effects with 95 % intervals", &comparisons(rows)))
        }
    };
    Some(Section::new("claims", title(claims), body))
}
