//! The command that repeats the runs of all parts.

use super::part::Part;
use crate::document::Document;
use crate::results::SEEDS_CONFIGURATION;

/// The command; empty if a part has no configuration of a reproduction.
pub(crate) fn again(parts: &[Part]) -> Document {
    let mut command = "cargo xtask reproduce".to_owned();
    for part in parts {
        match part.results.as_ref().map(|results| results.configuration_place) {
            None => {}
            Some(Some(place)) if place != SEEDS_CONFIGURATION => {
                command.push_str(&format!(" --config {}/{place}", part.name));
            }
            Some(_) => return Document::default(),
        }
    }
    let words =
        "The configurations in the folders of the parts contain all settings of their runs, and name their data:";
    Document::of_paragraph(words).command(format!("{command} --out again"))
}
