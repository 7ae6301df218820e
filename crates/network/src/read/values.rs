//! Sizes, pairs of sizes and borders.

use super::fields::{Fields, Located, whole};
use super::scope::Scope;
use crate::error::NetworkError;
use crate::expression::Expression;
use crate::layer::{Border, Pair};
use crate::limits;
use toml::de::DeValue;

/// The sizes of a layer: its table, and the names that expressions may use.
pub(super) struct Sizes<'a, 's> {
    pub fields: &'s Fields<'a>,
    pub scope: &'s Scope<'s>,
}

impl<'a> Sizes<'a, '_> {
    /// The value of a key.
    pub(super) fn required(&self, key: &str) -> Result<Expression, NetworkError> {
        self.of(key, self.fields.required(key)?)
    }

    /// The value of a key that may be absent.
    pub(super) fn optional(&self, key: &str, default: i64) -> Result<Expression, NetworkError> {
        self.fields.get(key).map_or(Ok(Expression::Number(default)), |value| self.of(key, value))
    }

    /// A list of sizes. With `inferred`, -1 is valid too.
    pub(super) fn list(&self, key: &str, inferred: bool) -> Result<Vec<Expression>, NetworkError> {
        let array = self.fields.array(key)?;
        if array.len() as u64 > limits::AXES {
            let value = self.fields.required(key)?;
            return Err(self.fields.wrong(key, value, format!("at most {} numbers", limits::AXES)));
        }
        let entry = |value: Located<'a>| match value.get_ref() {
            DeValue::Integer(number) if inferred && whole(number) == Some(-1) => Ok(Expression::Number(-1)),
            _ => self.of(key, value),
        };
        array.iter().map(entry).collect()
    }

    /// Vertical and horizontal sizes: an array of two, or one for both.
    pub(super) fn pair(&self, key: &str, value: Located<'a>) -> Result<Pair, NetworkError> {
        match value.get_ref() {
            DeValue::Array(array) => match &array[..] {
                [vertical, horizontal] => Ok([self.of(key, vertical)?, self.of(key, horizontal)?]),
                _ => Err(self.fields.wrong(key, value, "one number, or two: vertical and horizontal")),
            },
            _ => {
                let both = self.of(key, value)?;
                Ok([both.clone(), both])
            }
        }
    }

    /// The value of a key that may be absent: vertical and horizontal sizes.
    pub(super) fn optional_pair(&self, key: &str, default: i64) -> Result<Pair, NetworkError> {
        let default = || [Expression::Number(default), Expression::Number(default)];
        self.fields.get(key).map_or_else(|| Ok(default()), |value| self.pair(key, value))
    }

    /// The border of a feature map.
    pub(super) fn border(&self, key: &str, default: Border) -> Result<Border, NetworkError> {
        let Some(value) = self.fields.get(key) else { return Ok(default) };
        match value.get_ref() {
            DeValue::String(word) if word == "same" => Ok(Border::Same),
            DeValue::String(word) if word == "valid" => Ok(Border::Valid),
            DeValue::Array(array) => match &array[..] {
                [vertical, horizontal] => {
                    Ok(Border::Explicit([self.pair(key, vertical)?, self.pair(key, horizontal)?]))
                }
                _ => Err(self.fields.wrong(key, value, "same, valid, a number, or [[above, below], [left, right]]")),
            },
            _ => {
                let all = self.pair(key, value)?;
                Ok(Border::Explicit([all.clone(), all]))
            }
        }
    }

    /// A number, or an expression in quotes.
    pub(super) fn of(&self, key: &str, value: Located<'a>) -> Result<Expression, NetworkError> {
        let wrong = || self.fields.wrong(key, value, "a whole number from 0, or an expression in quotes");
        match value.get_ref() {
            DeValue::Integer(number) => whole(number).filter(|&n| n >= 0).map(Expression::Number).ok_or_else(wrong),
            DeValue::String(text) => self.scope.expression(text).map_err(|(found, expected)| {
                let words = if key == "padding" { "same, valid, or " } else { "" };
                let (found, expected) = (format!("{key} with {found}"), format!("{words}{expected}"));
                self.fields.source.content(value.span().start, &self.fields.label, found, expected)
            }),
            _ => Err(wrong()),
        }
    }
}
