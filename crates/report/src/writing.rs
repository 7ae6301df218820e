//! Writes the reports of a results folder.

use crate::commentary::{Commentary, Comments};
use crate::error::ReportError;
use crate::figures::{self, Correlations, MatchedPaths, Radii, SeedSpread, WithOptimizers};
use crate::html;
use crate::input::ReportInput;
use crate::markdown::report;
use crate::results::Results;
use minima_rows::CLEAN;
use minima_store::write_atomically;
use std::path::Path;

/// Writes `report.md` and `report.html` into a results folder, and the figures of the studies `seeds`, `matched`, `predictors` and `radii`
/// if these have rows. Files are written atomically.
///
/// # Errors
/// Returns [`ReportError`] if a figure cannot be drawn or a file cannot be written.
pub fn write_reports(
    folder: &Path,
    results: &Results,
    commentary: Option<&'static dyn Commentary>,
) -> Result<(), ReportError> {
    let optimizers = &results.optimizers;
    if results.studies.late.iter().any(|row| row.labels == CLEAN) {
        let figure = &SeedSpread { rows: results.studies.late.clone() };
        figures::write(&folder.join("studies/seeds"), &WithOptimizers { figure, optimizers })?;
    }
    if !results.studies.path.is_empty() {
        let figure = &MatchedPaths { rows: results.studies.path.clone() };
        figures::write(&folder.join("studies/matched"), &WithOptimizers { figure, optimizers })?;
    }
    if !results.studies.predictors.is_empty() {
        let figure = &Correlations { rows: results.studies.predictors.clone() };
        figures::write(&folder.join("studies/predictors"), &WithOptimizers { figure, optimizers })?;
    }
    if !results.studies.radii.is_empty() {
        let figure = &Radii { rows: results.studies.radii.clone() };
        figures::write(&folder.join("studies/radii"), &WithOptimizers { figure, optimizers })?;
    }
    let input = ReportInput::of(results, commentary.map(|own| own as _));
    let comments = Comments::of(commentary, &input);
    write_atomically(&folder.join("report.md"), report(&input, &comments).as_bytes())?;
    write_atomically(&folder.join("report.html"), html::page(results, commentary)?.as_bytes())?;
    Ok(())
}
