//! The text of a description, and errors that name its lines.

use crate::error::{NetworkError, Place};
use crate::expression::shortened;
use toml::de::DeValue;

/// The text of a description.
pub(super) struct Source<'a> {
    file: &'a str,
    /// The offsets at which lines end.
    ends: Vec<usize>,
}

impl<'a> Source<'a> {
    pub(super) fn new(file: &'a str, text: &str) -> Self {
        Self { file, ends: text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect() }
    }

    /// The line of an offset, from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.ends.partition_point(|&end| end < offset) + 1
    }

    /// The text is not TOML.
    pub(super) fn syntax(&self, error: &toml::de::Error) -> NetworkError {
        let line = self.line(error.span().map_or(0, |span| span.start));
        NetworkError::Syntax { file: self.file.to_owned(), line, message: error.message().to_owned() }
    }

    /// The text at an offset is not valid.
    pub(super) fn content(
        &self,
        offset: usize,
        layer: &str,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> NetworkError {
        let place = self.place(offset, layer);
        NetworkError::Content { place, found: found.into(), expected: expected.into() }
    }

    /// The description is too large.
    pub(super) fn limit(&self, offset: usize, layer: &str, what: &'static str, found: u64, most: u64) -> NetworkError {
        NetworkError::Limit { place: self.place(offset, layer), what, found: found.to_string(), most }
    }

    fn place(&self, offset: usize, layer: &str) -> Place {
        Place { file: self.file.to_owned(), line: self.line(offset), layer: layer.to_owned() }
    }
}

/// A value in words.
pub(super) fn described(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("{:?}", shortened(text)),
        DeValue::Integer(number) => shortened(&number.to_string()),
        DeValue::Float(number) => shortened(number.as_str()),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(_) => "a date".into(),
        DeValue::Array(array) => format!("an array of length {}", array.len()),
        DeValue::Table(_) => "a table".into(),
    }
}
