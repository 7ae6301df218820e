//! Methods, caveats, provenance, and the command that repeats the run.

use super::prose::prose;
use super::section::Section;
use super::table::table;
use super::tables::of_reference;
use crate::commentary::{Comments, Place};
use crate::input::ReportInput;
use crate::markdown::{again, caveats, methods};
use crate::results::Results;
use maud::html;
use minima_rows::Table;

pub(super) fn sections(input: &ReportInput<'_>, comments: &Comments, results: &Results) -> Vec<Section> {
    let mut sections: Vec<Section> = of_reference(comments, Place::BeforeMethods).collect();
    sections.extend([
        Section::new("methods", "Methods", prose(&methods(input))),
        Section::new("caveats", "Caveats", prose(&caveats(input))),
    ]);
    if let Some(provenance) = &results.provenance {
        let mut made = Table::new(&["made with", ""]);
        made.rows.push(vec!["minima".to_owned(), provenance.version.clone()]);
        made.rows.push(vec!["preset".to_owned(), format!("`{}`", provenance.preset)]);
        let seeds: Vec<String> = results.seeds.iter().map(u64::to_string).collect();
        made.rows.push(vec!["seeds".to_owned(), seeds.join(", ")]);
        made.rows.push(vec!["data set".to_owned(), results.data_set.name().unwrap_or("not known").to_owned()]);
        for (file, hash) in &provenance.data {
            made.rows.push(vec![format!("SHA-256 of `{file}`"), format!("`{hash}`")]);
        }
        let body = html! {
            (table("From manifest.json", &made))
            p { "Times, the host and the full configuration are in " code { "manifest.json" } " next to this page." }
        };
        sections.push(Section::new("manifest", "Made with", body));
    }
    if let Some(text) = again(input) {
        sections.push(Section::new("again", "Run it again", prose(&text)));
    }
    sections
}
