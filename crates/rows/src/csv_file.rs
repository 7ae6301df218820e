//! Result files as CSV.
//!
//! Numbers are written in the shortest form that reads back as the same number, so equal rows give equal bytes.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::columns;
use minima_store::bounded_file::{self, read_at_most};
use minima_store::{AtomicWriteError, write_atomically};

/// A row of a result file.
pub trait Record: Serialize + DeserializeOwned {
    /// The last columns, if a file may lack them. A file has either none of them, or all of them with a value in each row. Their
    /// fields are `Option`s that are not serialised without a value.
    const OPTIONAL: &'static [&'static str] = &[];

    /// All columns, in order: the names of the fields.
    #[must_use]
    fn columns() -> &'static [&'static str] {
        columns::of::<Self>()
    }

    /// The columns that every file has.
    #[must_use]
    fn required_columns() -> &'static [&'static str] {
        let all = Self::columns();
        all.get(..all.len().saturating_sub(Self::OPTIONAL.len())).unwrap_or(all)
    }

    /// The names of optimizers in the row, which a report replaces by their labels.
    #[must_use]
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        Vec::new()
    }

    /// The number of [`OPTIONAL`](Self::OPTIONAL) columns in which the row has a value.
    #[must_use]
    fn optional_values(&self) -> usize {
        0
    }
}

/// A result file could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The first line is not the expected header.
    #[error("{}: found the header \"{found}\", expected \"{expected}\"", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// Its first line.
        found: String,
        /// The header of such a file.
        expected: String,
    },
    /// A line is not a valid row.
    #[error("{}: invalid row, expected the columns \"{expected}\": {source}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The header of such a file.
        expected: String,
        /// The line and what is wrong with it.
        source: csv::Error,
    },
    /// A row lacks a value that the other rows of the file have.
    #[error("{}: found an empty cell in row {row}, expected numbers in the columns {expected}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// The number of the row, from 1.
        row: usize,
        /// The optional columns.
        expected: String,
    },
    /// A row could not be written as CSV.
    #[error("cannot write rows with the columns \"{expected}\" as CSV: {message}")]
    Encode {
        /// The header of such a file.
        expected: String,
        /// The encoder's error.
        message: String,
    },
    /// The file could not be written.
    #[error(transparent)]
    Write(#[from] AtomicWriteError),
}

/// The CSV file of `rows`: the header, then one line per row. The header has the optional columns if a row has values there.
///
/// # Errors
/// Returns [`RecordError::Encode`] if a row cannot be written as CSV, or lacks an optional value that another row has.
pub fn to_csv<R: Record>(rows: &[R]) -> Result<Vec<u8>, RecordError> {
    let has_optional = rows.iter().any(|row| row.optional_values() > 0);
    let columns = if has_optional { R::columns() } else { R::required_columns() };
    let failed = |message: String| RecordError::Encode { expected: columns.join(","), message };
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(columns).map_err(|error| failed(error.to_string()))?;
    for row in rows {
        writer.serialize(row).map_err(|error| failed(error.to_string()))?;
    }
    writer.into_inner().map_err(|error| failed(error.to_string()))
}

/// Writes `rows` as a CSV file, whole or not at all.
///
/// # Errors
/// Returns [`RecordError::Encode`] if a row cannot be written as CSV, and [`RecordError::Write`] if the file cannot be written.
pub fn write_csv<R: Record>(path: &Path, rows: &[R]) -> Result<(), RecordError> {
    Ok(write_atomically(path, &to_csv(rows)?)?)
}

/// Reads the rows of a CSV file whose header must be exactly the record's, with or without its optional columns.
///
/// # Errors
/// Returns [`RecordError::Read`] if the file cannot be read, and the errors of [`from_csv`].
pub fn read_csv<R: Record>(path: &Path) -> Result<Vec<R>, RecordError> {
    let bytes = read_at_most(path, bounded_file::RESULTS)
        .map_err(|source| RecordError::Read { path: path.to_path_buf(), source })?;
    from_csv(&bytes, path)
}

/// Parses the rows of a CSV file's bytes, whose header must be exactly the record's, with or without its optional columns; errors
/// name `path`.
///
/// # Errors
/// Returns [`RecordError::Header`] if the header differs, [`RecordError::Row`] if a line is not a valid row, and
/// [`RecordError::Empty`] if a row has no value in an optional column of the file.
pub fn from_csv<R: Record>(bytes: &[u8], path: &Path) -> Result<Vec<R>, RecordError> {
    let mut reader = csv::Reader::from_reader(bytes);
    let bad_row =
        |source, expected: &[&str]| RecordError::Row { path: path.to_path_buf(), expected: expected.join(","), source };
    let header = reader.headers().map_err(|source| bad_row(source, R::required_columns()))?;
    let is_header = |columns: &&[&str]| header.iter().eq(columns.iter().copied());
    let Some(columns) = [R::required_columns(), R::columns()].into_iter().find(is_header) else {
        return Err(RecordError::Header {
            path: path.to_path_buf(),
            found: header.iter().collect::<Vec<_>>().join(","),
            expected: R::required_columns().join(","),
        });
    };
    let rows: Vec<R> = reader.deserialize().collect::<Result<_, _>>().map_err(|source| bad_row(source, columns))?;
    let optional = columns.len() - R::required_columns().len();
    match (1..).zip(&rows).find(|(_, row)| row.optional_values() != optional) {
        None => Ok(rows),
        Some((row, _)) => {
            Err(RecordError::Empty { path: path.to_path_buf(), row, expected: R::OPTIONAL.join(" and ") })
        }
    }
}
