//! The number and names of classes.

use crate::{dataset::MOST_CLASSES, error::DataError};
use minima_store::bounded_file::{TEXT, read_at_most};
use std::{collections::BTreeSet, path::Path};

/// The name of the file of class names in a folder of IDX files.
pub(crate) const FILE: &str = "classes.txt";

/// The number of classes of labels: the largest label plus 1, and at least 2.
pub(crate) fn count(labels: &[&[u16]]) -> usize {
    let largest = labels.iter().flat_map(|labels| labels.iter()).max().copied().unwrap_or(0);
    (usize::from(largest) + 1).max(2)
}

/// Parses the bytes of a file of class names, one per line.
///
/// # Errors
///
/// Returns [`DataError::ClassNames`] if the bytes are not UTF-8, if a line is empty or occurs twice, or if there are fewer than 2 or more
/// than 65 536 lines.
pub(crate) fn parse_names(file: &Path, bytes: &[u8]) -> Result<Vec<String>, DataError> {
    let wrong = |found: String, expected| Err(DataError::ClassNames { file: file.to_path_buf(), found, expected });
    let Ok(text) = str::from_utf8(bytes) else {
        return wrong("bytes that are not UTF-8".to_owned(), "one class name per line");
    };
    let mut seen = BTreeSet::new();
    let mut names = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let name = line.trim();
        if name.is_empty() {
            return wrong(format!("an empty line {number}"), "one class name per line");
        }
        if !seen.insert(name) {
            return wrong(format!("{name} twice"), "each class name once");
        }
        names.push(name.to_owned());
    }
    if (2..=MOST_CLASSES).contains(&names.len()) {
        Ok(names)
    } else {
        wrong(format!("{} class names", names.len()), "2 to 65536 class names")
    }
}

/// Reads a file of class names.
///
/// # Errors
///
/// Returns [`DataError::Unreadable`] if the file cannot be read.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, DataError> {
    read_at_most(file, TEXT).map_err(|source| DataError::Unreadable { file: file.to_path_buf(), source })
}
