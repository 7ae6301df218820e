//! Compares two results folders with parts, part by part.

use super::error::ComparisonError;
use super::folders::{Comparison, compare, has_results};
use minima_config::Parts;
use serde::Serialize;
use std::fmt;
use std::path::Path;

/// Comparison of one part that has results in both folders.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartComparison {
    /// The part's name.
    pub part: String,
    /// Its two folders.
    pub comparison: Comparison,
}

/// Comparison of two results folders with parts.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PartsComparison {
    /// The parts with results in both folders, in the order of the first one.
    pub parts: Vec<PartComparison>,
    /// Parts with results in the first folder only.
    pub only_in_a: Vec<String>,
    /// Parts with results in the second folder only.
    pub only_in_b: Vec<String>,
}

impl PartsComparison {
    /// Whether there was something to compare in each part of both folders.
    #[must_use]
    pub fn compared(&self) -> bool {
        !self.parts.is_empty() && self.parts.iter().all(|part| part.comparison.compared())
    }

    /// Whether a part changed ([`Comparison::changed`]), or a part of the first folder is missing in the second.
    #[must_use]
    pub fn changed(&self) -> bool {
        !self.only_in_a.is_empty() || self.parts.iter().any(|part| part.comparison.changed())
    }
}

/// Compares two results folders with parts. Parts of one name are compared as two results folders.
///
/// # Errors
/// Returns [`ComparisonError::NoParts`] if a folder has no parts, [`ComparisonError::Parts`] if its list of parts is not valid,
/// [`ComparisonError::NoResults`] if none of its parts has results, and the errors of [`compare`].
pub fn compare_parts(a: &Path, b: &Path) -> Result<PartsComparison, ComparisonError> {
    let with_results = |folder: &Path| -> Result<Vec<String>, ComparisonError> {
        let Some(parts) = Parts::read(folder)? else {
            return Err(ComparisonError::NoParts { folder: folder.to_owned() });
        };
        let names: Vec<String> = parts.names().iter().filter(|name| has_results(&folder.join(name))).cloned().collect();
        if names.is_empty() { Err(ComparisonError::NoResults { folder: folder.to_owned() }) } else { Ok(names) }
    };
    let (in_a, in_b) = (with_results(a)?, with_results(b)?);
    let mut comparison = PartsComparison::default();
    for part in &in_a {
        if in_b.contains(part) {
            let found = compare(&a.join(part), &b.join(part))?;
            comparison.parts.push(PartComparison { part: part.clone(), comparison: found });
        } else {
            comparison.only_in_a.push(part.clone());
        }
    }
    comparison.only_in_b = in_b.into_iter().filter(|part| !in_a.contains(part)).collect();
    Ok(comparison)
}

impl fmt::Display for PartsComparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            writeln!(formatter, "Part {}\n{}\n", part.part, part.comparison)?;
        }
        for (side, parts) in [("A", &self.only_in_a), ("B", &self.only_in_b)] {
            if !parts.is_empty() {
                writeln!(formatter, "Parts only in {side}: {}", parts.join(", "))?;
            }
        }
        let changed = self.parts.iter().filter(|part| part.comparison.changed()).count();
        write!(formatter, "{changed} of {} compared parts changed beyond noise.", self.parts.len())
    }
}
