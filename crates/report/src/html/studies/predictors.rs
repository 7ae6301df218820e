//! Which measures go with robustness.

use crate::html::prose::prose;
use crate::html::section::Section;
use crate::html::table::table;
use crate::studies::predictors::{TITLE, sentences, table as numbers};
use maud::html;
use minima_rows::PredictorRow;

pub(super) fn section(rows: &[PredictorRow]) -> Option<Section> {
    let words = sentences(rows)?;
    let body = html! {
        (prose(&words))
        details { summary { "All correlations" } (table("Rank correlations, with 95 % intervals", &numbers(rows))) }
    };
    Some(Section::new("predictors", TITLE, body))
}
