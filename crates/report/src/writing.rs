//! Writes the reports of a results folder.

use crate::error::ReportError;
use crate::figures::{self, MatchedPaths};
use crate::html;
use crate::input::ReportInput;
use crate::markdown::report;
use crate::reference::Reference;
use crate::results::Results;
use minima_store::write_atomically;
use std::path::Path;

/// Writes `report.md` and `report.html` into a results folder, and the figure of the study `matched` if it has rows. Files are
/// written atomically.
///
/// # Errors
/// Returns [`ReportError`] if a figure cannot be drawn or a file cannot be written.
pub fn write_reports(
    folder: &Path,
    results: &Results,
    reference: Option<&'static dyn Reference>,
) -> Result<(), ReportError> {
    if !results.studies.path.is_empty() {
        figures::write(&folder.join("studies/matched"), &MatchedPaths { rows: results.studies.path.clone() })?;
    }
    write_atomically(&folder.join("report.md"), report(&ReportInput::of(results, reference)).as_bytes())?;
    write_atomically(&folder.join("report.html"), html::page(results, reference)?.as_bytes())?;
    Ok(())
}
