//! Properties from text and files.

use crate::error::VnnlibError;
use crate::normal_form::normal_form;
use crate::parser::parsed;
use crate::property::Property;
use minima_store::bounded_file::{RESULTS, read_text_at_most};
use std::path::Path;

/// Reads a property from text. Errors give `name` as the name of the file.
///
/// # Errors
/// Returns [`VnnlibError::Content`], with the line, if the text is not a property that can be read.
pub fn parse(text: &str, name: &str) -> Result<Property, VnnlibError> {
    let property = parsed(text).and_then(|parsed| normal_form(&parsed, text.len()));
    property.map_err(|at| VnnlibError::Content { file: name.to_owned(), line: at.line, fault: at.fault })
}

/// Reads a property from a file of at most 256 MiB.
///
/// # Errors
/// - Returns [`VnnlibError::Read`] if the file cannot be read, is larger, or is not UTF-8.
/// - Returns [`VnnlibError::Content`] if it is not a property that can be read.
pub fn read(path: &Path) -> Result<Property, VnnlibError> {
    let text =
        read_text_at_most(path, RESULTS).map_err(|source| VnnlibError::Read { path: path.to_owned(), source })?;
    parse(&text, &path.display().to_string())
}
