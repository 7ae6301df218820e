//! A CSV file of results, with its cells by row keys, column and seed.

use super::error::ComparisonError;
use super::layout::FileLayout;
use minima_rows::Noise;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One number or word of one seed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell {
    /// The text in the file.
    pub(super) text: String,
    /// The number, if the column is numeric and the cell is not empty.
    pub(super) number: Option<f64>,
    /// For counts and shares, the total.
    pub(super) of: Option<f64>,
}

/// Cells of a file by the row's keys and column, then by seed. Rows without a seed have seed 0.
#[derive(Clone, Debug, Default)]
pub(super) struct ResultFile {
    /// Whether the file has a column of seeds.
    pub(super) seeded: bool,
    pub(super) metrics: BTreeMap<(String, usize), BTreeMap<u64, Cell>>,
}

/// Finds a file in a results folder: at its path, or at the top level under its file name, as in committed findings.
pub(super) fn locate(folder: &Path, path: &str) -> Option<PathBuf> {
    let full = folder.join(path);
    if full.is_file() {
        return Some(full);
    }
    let flat = folder.join(Path::new(path.strip_prefix("tables/")?).file_name()?);
    flat.is_file().then_some(flat)
}

/// Reads a file whose test set has `test_images` images.
pub(super) fn read(
    path: &Path,
    bytes: &[u8],
    layout: &FileLayout,
    test_images: f64,
) -> Result<ResultFile, ComparisonError> {
    let csv_error = |source| ComparisonError::Csv { path: path.to_path_buf(), source };
    let mut reader = csv::Reader::from_reader(bytes);
    let header = reader.headers().map_err(csv_error)?.clone();
    let place = |column: &'static str| {
        let found = header.iter().position(|name| name == column);
        found.ok_or_else(|| ComparisonError::Column { path: path.to_path_buf(), column })
    };
    let keys = layout.keys.iter().map(|&key| place(key)).collect::<Result<Vec<_>, _>>()?;
    let seed_place = place("seed").ok();
    let last = layout.last.map(place).transpose()?;
    let mut columns = Vec::new();
    for (order, &(column, noise)) in layout.metrics.iter().enumerate() {
        if layout.optional.contains(&column) && !header.iter().any(|name| name == column) {
            continue;
        }
        let among = if let Noise::CountAmong(other) = noise { Some((other, place(other)?)) } else { None };
        columns.push((order, column, noise, place(column)?, among));
    }

    let mut file = ResultFile { seeded: seed_place.is_some(), metrics: BTreeMap::new() };
    let mut latest: BTreeMap<(String, u64), f64> = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(csv_error)?;
        let cell = |place: usize| record.get(place).unwrap_or_default();
        let number = |column: &'static str, place: usize| -> Result<Option<f64>, ComparisonError> {
            match cell(place) {
                "" => Ok(None),
                text => match text.parse::<f64>() {
                    Ok(number) if number.is_finite() => Ok(Some(number)),
                    _ => Err(ComparisonError::Number { path: path.to_path_buf(), column, found: text.to_owned() }),
                },
            }
        };
        let key = layout.keys.iter().zip(&keys).map(|(name, &place)| shown_key(name, cell(place)));
        let key = key.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        let seed = match seed_place {
            Some(place) => cell(place).parse().map_err(|_| ComparisonError::Number {
                path: path.to_path_buf(),
                column: "seed",
                found: cell(place).to_owned(),
            })?,
            None => 0,
        };
        if let (Some(column), Some(place)) = (layout.last, last) {
            let when = number(column, place)?.unwrap_or(0.0);
            let before = latest.entry((key.clone(), seed)).or_insert(when);
            if when < *before {
                continue;
            }
            *before = when;
        }
        for &(order, column, noise, place, among) in &columns {
            let value = if noise == Noise::Exact { None } else { number(column, place)? };
            let of = match (noise, among) {
                (Noise::CountAmong(_), Some((other, place))) => number(other, place)?,
                (Noise::CountAmongTest | Noise::ShareOfTest, _) => Some(test_images),
                (Noise::ShareOf(images), _) => Some(images),
                _ => None,
            };
            let cell = Cell { text: cell(place).to_owned(), number: value, of };
            file.metrics.entry((key.clone(), order)).or_default().insert(seed, cell);
        }
    }
    Ok(file)
}

/// Formats a key. Numbers, Booleans and empty cells are shown with their column's name.
fn shown_key(name: &str, cell: &str) -> String {
    if cell.is_empty() {
        String::new()
    } else if cell.parse::<f64>().is_ok() || cell == "true" || cell == "false" {
        format!("{name}={cell}")
    } else {
        cell.to_owned()
    }
}
