//! Compares two results folders of one experiment each.

use super::error::ComparisonError;
use super::judgement::{Judgement, Test, judge};
use super::layout::{FileLayout, LAYOUT};
use super::result_file::{ResultFile, locate, read};
use crate::results::is_of_an_earlier_version;
use minima_metrics::statistics::holm;
use minima_store::bounded_file::{self, read_at_most, read_text_at_most};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;

/// A corrected p-value below this is a change.
const LEVEL: f64 = 0.05;
/// Number of MNIST test images, used unless a folder's `config.toml` has another number.
const TEST_IMAGES: f64 = 10_000.0;

/// Comparison of one number or word that is in both folders.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricComparison {
    /// Description of the row.
    pub row: String,
    /// The column.
    pub metric: String,
    /// Value in the first folder, a mean over the compared seeds.
    pub a: String,
    /// Value in the second folder.
    pub b: String,
    /// Second value minus first value, if they are numbers.
    pub difference: Option<f64>,
    /// Number of compared seeds.
    pub seeds: u32,
    /// The p-value after Holm's correction over the file, if it decides.
    pub p_holm: Option<f64>,
    /// The difference relative to the larger value, if a tolerance decides.
    pub relative: Option<f64>,
    /// The tolerance.
    pub allowed: Option<f64>,
    /// Whether the value changed by more than noise.
    pub changed: bool,
}

/// Comparison of one file that is in both folders.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FileComparison {
    /// Path of the file in a results folder.
    pub file: String,
    /// Whether both files have the same bytes. Then the other fields are empty.
    pub same_bytes: bool,
    /// The metrics in both files.
    pub metrics: Vec<MetricComparison>,
    /// Rows in the first folder only.
    pub only_in_a: Vec<String>,
    /// Rows in the second folder only.
    pub only_in_b: Vec<String>,
}

/// Comparison of two results folders.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Comparison {
    /// The files in both folders.
    pub files: Vec<FileComparison>,
    /// Files in the first folder only.
    pub only_in_a: Vec<String>,
    /// Files in the second folder only.
    pub only_in_b: Vec<String>,
}

impl Comparison {
    /// Whether there was something to compare: a number of the same row in both folders, or identical files.
    #[must_use]
    pub fn compared(&self) -> bool {
        self.files.iter().any(|file| file.same_bytes || !file.metrics.is_empty())
    }

    /// Whether a number changed by more than noise, or a file or row of the first folder is missing in the second. Files and rows
    /// that are only in the second folder do not count as changes.
    #[must_use]
    pub fn changed(&self) -> bool {
        let in_file =
            |file: &FileComparison| !file.only_in_a.is_empty() || file.metrics.iter().any(|metric| metric.changed);
        !self.only_in_a.is_empty() || self.files.iter().any(in_file)
    }
}

/// Compares the results in two folders.
///
/// # Errors
/// Returns [`ComparisonError`] if a folder contains no results or a file cannot be read.
pub fn compare(a: &Path, b: &Path) -> Result<Comparison, ComparisonError> {
    if let Some(folder) = [a, b].into_iter().find(|folder| is_of_an_earlier_version(folder)) {
        return Err(ComparisonError::EarlierVersion { folder: folder.to_owned() });
    }
    let images = [test_images(a)?, test_images(b)?];
    let mut comparison = Comparison::default();
    let mut found = [false, false];
    for layout in LAYOUT {
        for &path in layout.paths {
            let places = [locate(a, path), locate(b, path)];
            found = [found[0] || places[0].is_some(), found[1] || places[1].is_some()];
            match places {
                [Some(in_a), Some(in_b)] => {
                    comparison.files.push(compare_files(path, layout, [&in_a, &in_b], images)?);
                }
                [Some(_), None] => comparison.only_in_a.push(path.to_owned()),
                [None, Some(_)] => comparison.only_in_b.push(path.to_owned()),
                [None, None] => {}
            }
        }
    }
    for (found, folder) in found.into_iter().zip([a, b]) {
        if !found {
            return Err(ComparisonError::NoResults { folder: folder.to_path_buf() });
        }
    }
    Ok(comparison)
}

/// Whether a folder has a file that is compared.
pub(super) fn has_results(folder: &Path) -> bool {
    LAYOUT.iter().flat_map(|layout| layout.paths).any(|path| locate(folder, path).is_some())
}

fn compare_files(
    name: &str,
    layout: &FileLayout,
    [a, b]: [&Path; 2],
    [images_a, images_b]: [f64; 2],
) -> Result<FileComparison, ComparisonError> {
    let bytes = |path: &Path| {
        read_at_most(path, bounded_file::RESULTS)
            .map_err(|source| ComparisonError::Read { path: path.to_path_buf(), source })
    };
    let (bytes_a, bytes_b) = (bytes(a)?, bytes(b)?);
    let mut file = FileComparison {
        file: name.to_owned(),
        same_bytes: bytes_a == bytes_b,
        metrics: Vec::new(),
        only_in_a: Vec::new(),
        only_in_b: Vec::new(),
    };
    if file.same_bytes {
        return Ok(file);
    }
    let (in_a, in_b) = (read(a, &bytes_a, layout, images_a)?, read(b, &bytes_b, layout, images_b)?);
    let mut judged: Vec<(String, &'static str, Judgement)> = Vec::new();
    for ((row, order), cells) in &in_a.metrics {
        let Some(&(column, noise)) = layout.metrics.get(*order) else { continue };
        let Some(others) = in_b.metrics.get(&(row.clone(), *order)) else { continue };
        if let Some(judgement) = judge(cells, others, noise)? {
            judged.push((row.clone(), column, judgement));
        }
    }
    file.only_in_a = rows_beyond(&in_a, &in_b);
    file.only_in_b = rows_beyond(&in_b, &in_a);
    file.metrics = decided(judged);
    Ok(file)
}

/// Corrects the p-values of a file and decides what changed.
fn decided(judged: Vec<(String, &'static str, Judgement)>) -> Vec<MetricComparison> {
    // Equal values count as comparisons too.
    let p = |test: &Test| match test {
        Test::Equal => Some(1.0),
        Test::Probability(p) => Some(*p),
        Test::Tolerance { .. } | Test::Unequal => None,
    };
    let mut corrected = holm(&judged.iter().filter_map(|(_, _, one)| p(&one.test)).collect::<Vec<_>>()).into_iter();
    let metric = |(row, column, judgement): (String, &'static str, Judgement)| {
        let p_holm = p(&judgement.test).and_then(|_| corrected.next());
        let (relative, allowed) = match judgement.test {
            Test::Tolerance { found, allowed } => (Some(found), Some(allowed)),
            _ => (None, None),
        };
        let changed = match judgement.test {
            Test::Equal => false,
            Test::Probability(_) => p_holm.is_some_and(|p| p < LEVEL),
            Test::Tolerance { found, allowed } => found > allowed,
            Test::Unequal => true,
        };
        let Judgement { a, b, difference, seeds, .. } = judgement;
        MetricComparison { row, metric: column.to_owned(), a, b, difference, seeds, p_holm, relative, allowed, changed }
    };
    judged.into_iter().map(metric).collect()
}

/// Rows of `own` that are missing in `other`, with their seeds.
fn rows_beyond(own: &ResultFile, other: &ResultFile) -> Vec<String> {
    let mut rows = BTreeSet::new();
    for (key, cells) in own.metrics.iter().filter(|((_, order), _)| *order == 0) {
        let there = other.metrics.get(key);
        for seed in cells.keys().filter(|seed| there.is_none_or(|there| !there.contains_key(seed))) {
            rows.insert(if own.seeded { format!("{} seed={seed}", key.0) } else { key.0.clone() });
        }
    }
    rows.into_iter().collect()
}

/// The number of test images of a folder's experiment.
fn test_images(folder: &Path) -> Result<f64, ComparisonError> {
    let places = ["config.toml", "studies/seeds/config.toml"].map(|place| folder.join(place));
    let Some(path) = places.into_iter().find(|path| path.is_file()) else { return Ok(TEST_IMAGES) };
    let text = read_text_at_most(&path, bounded_file::TEXT)
        .map_err(|source| ComparisonError::Read { path: path.clone(), source })?;
    let table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| ComparisonError::Config { path, message: error.message().to_owned() })?;
    let asked =
        table.get("test_images").and_then(toml::Value::as_integer).and_then(|images| u32::try_from(images).ok());
    // A number above the test set's size means all images; 0 images cannot have been measured.
    Ok(asked.map_or(TEST_IMAGES, f64::from).clamp(1.0, TEST_IMAGES))
}
