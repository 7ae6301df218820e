//! Writes the report of a results folder with parts.

use super::markdown::report;
use super::part::Part;
use super::rows::part_rows;
use crate::error::ReportError;
use crate::html;
use crate::results::ResultsError;
use minima_rows::write_csv;
use minima_store::write_atomically;
use std::path::Path;

/// Writes `parts.csv`, `report.md` and `report.html` into a results folder with parts. The reports in the folders of the parts stay
/// as they are.
///
/// # Errors
/// Returns [`ReportError`] if a file cannot be written.
pub fn write_parts_reports(folder: &Path, parts: &[Part]) -> Result<(), ReportError> {
    write_csv(&folder.join("parts.csv"), &part_rows(parts)).map_err(ResultsError::from)?;
    write_atomically(&folder.join("report.md"), report(parts).as_bytes())?;
    write_atomically(&folder.join("report.html"), html::parts_page(parts).as_bytes())?;
    Ok(())
}
