//! The keys of one table.

use super::source::{Source, described};
use crate::error::NetworkError;
use crate::expression::shortened;
use crate::suggestion::{one_of, resembling};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value of TOML with its place.
pub(super) type Located<'a> = &'a Spanned<DeValue<'a>>;

/// A table, and the name of the thing it describes.
#[derive(Clone)]
pub(super) struct Fields<'a> {
    pub source: &'a Source<'a>,
    pub label: String,
    table: &'a DeTable<'a>,
    start: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn new(source: &'a Source<'a>, label: impl Into<String>, table: &'a DeTable<'a>, start: usize) -> Self {
        Self { source, label: label.into(), table, start }
    }

    /// The offset of the table.
    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// The line of the table.
    pub(super) fn line(&self) -> usize {
        self.source.line(self.start)
    }

    /// The keys with their values, in the order of the text.
    pub(super) fn entries(&self) -> Vec<(&'a str, usize, Located<'a>)> {
        let entry = |(key, value): (&'a Spanned<_>, _)| (AsRef::<str>::as_ref(key.get_ref()), key.span().start, value);
        let mut entries: Vec<_> = self.table.iter().map(entry).collect();
        entries.sort_by_key(|(_, start, _)| *start);
        entries
    }

    /// Fails if there is a key besides these.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), NetworkError> {
        match self.entries().into_iter().find(|(key, ..)| !known.contains(key)) {
            None => Ok(()),
            Some((key, start, _)) => {
                let found = format!("the key {}", shortened(key));
                let expected = format!("one of the keys {}", one_of(known.iter().copied(), key));
                Err(self.source.content(start, &self.label, found, expected))
            }
        }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    pub(super) fn get(&self, key: &str) -> Option<Located<'a>> {
        self.table.get(key)
    }

    pub(super) fn required(&self, key: &str) -> Result<Located<'a>, NetworkError> {
        self.get(key).ok_or_else(|| {
            let present = self.entries().into_iter().map(|(present, ..)| present);
            let found = match resembling(present, key) {
                Some(other) => format!("no key {key}, but {}", shortened(other)),
                None => format!("no key {key}"),
            };
            self.source.content(self.start, &self.label, found, format!("the key {key}"))
        })
    }

    pub(super) fn array(&self, key: &str) -> Result<&'a [Spanned<DeValue<'a>>], NetworkError> {
        let value = self.required(key)?;
        match value.get_ref() {
            DeValue::Array(array) if !array.is_empty() => Ok(array),
            _ => Err(self.wrong(key, value, "an array that is not empty")),
        }
    }

    pub(super) fn text(&self, key: &str, value: Located<'a>) -> Result<&'a str, NetworkError> {
        value.get_ref().as_str().ok_or_else(|| self.wrong(key, value, "a text in quotes"))
    }

    /// The value of a key that may be absent.
    pub(super) fn flag(&self, key: &str, default: bool) -> Result<bool, NetworkError> {
        let Some(value) = self.get(key) else { return Ok(default) };
        value.get_ref().as_bool().ok_or_else(|| self.wrong(key, value, "true or false"))
    }

    /// The value of a key that may be absent: a number within these bounds.
    pub(super) fn number(&self, key: &str, default: f64, bounds: Bounds) -> Result<f64, NetworkError> {
        self.get(key).map_or(Ok(default), |value| self.number_of(key, value, bounds))
    }

    /// The value of a key that may be absent: one number, or an array of numbers.
    pub(super) fn numbers(&self, key: &str, default: f64) -> Result<Vec<f64>, NetworkError> {
        match self.get(key) {
            None => Ok(vec![default]),
            Some(value) if value.get_ref().is_array() => {
                self.array(key)?.iter().map(|value| self.number_of(key, value, Bounds::Finite)).collect()
            }
            Some(value) => Ok(vec![self.number_of(key, value, Bounds::Finite)?]),
        }
    }

    pub(super) fn number_of(&self, key: &str, value: Located<'a>, bounds: Bounds) -> Result<f64, NetworkError> {
        let number = match value.get_ref() {
            DeValue::Float(number) => number.as_str().parse().ok(),
            DeValue::Integer(number) => whole(number).map(|n| n as f64),
            _ => None,
        };
        number.filter(|&n| bounds.contain(n)).ok_or_else(|| self.wrong(key, value, bounds.words()))
    }

    /// A value is not valid for its key.
    pub(super) fn wrong(&self, key: &str, value: Located<'a>, expected: impl Into<String>) -> NetworkError {
        let found = format!("{key} = {}", described(value.get_ref()));
        self.source.content(value.span().start, &self.label, found, expected)
    }
}

/// The valid numbers of a key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bounds {
    Finite,
    Positive,
    NotNegative,
}

impl Bounds {
    /// Numbers must stay finite in `f32`.
    fn contain(self, number: f64) -> bool {
        let small = number.abs() <= 1e30;
        match self {
            Self::Finite => small,
            Self::Positive => small && number >= 1e-30,
            Self::NotNegative => small && number >= 0.0,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Finite => "a number from -1e30 to 1e30",
            Self::Positive => "a number from 1e-30 to 1e30",
            Self::NotNegative => "a number from 0 to 1e30",
        }
    }
}

/// The value of an integer.
pub(super) fn whole(number: &toml::de::DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}
