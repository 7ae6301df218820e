//! The files of a results folder.

use minima_rows::{Record, RecordError, read_csv};
use std::path::{Path, PathBuf};

/// The path of a table.
pub(super) fn place(folder: &Path, file: &str) -> PathBuf {
    let usual = folder.join("tables").join(file);
    let beside = folder.join(file);
    if !usual.is_file() && beside.is_file() { beside } else { usual }
}

/// The rows of a table; empty if the file does not exist.
pub(super) fn table<R: Record>(folder: &Path, file: &str) -> Result<Vec<R>, RecordError> {
    rows(&place(folder, file))
}

/// The rows of a file; empty if the file does not exist.
pub(super) fn rows<R: Record>(path: &Path) -> Result<Vec<R>, RecordError> {
    if path.is_file() { read_csv(path) } else { Ok(Vec::new()) }
}
