//! The columns of a row: the names of its fields in serde.

use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use std::fmt;

/// The names of the fields of `R`, in order; empty if `R` is not a struct.
pub(crate) fn of<R: DeserializeOwned>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // The deserializer has no content: it stores the names and fails.
    let _ = R::deserialize(FieldNames(&mut names));
    names
}

/// A deserializer that stores the names of the fields that a struct requests.
struct FieldNames<'a>(&'a mut &'static [&'static str]);

/// The error of [`FieldNames`], which has no content.
#[derive(Debug)]
struct NoContent;

impl fmt::Display for NoContent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no content")
    }
}

impl std::error::Error for NoContent {}

impl de::Error for NoContent {
    fn custom<T: fmt::Display>(_message: T) -> Self {
        Self
    }
}

impl<'de> Deserializer<'de> for FieldNames<'_> {
    type Error = NoContent;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, NoContent> {
        *self.0 = fields;
        Err(NoContent)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, NoContent> {
        Err(NoContent)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq
        tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::of;
    use serde::Deserialize;

    #[derive(Deserialize)]
    #[allow(dead_code, reason = "its names are what is tested")]
    struct Row {
        first: u32,
        #[serde(rename = "2nd")]
        second: f64,
    }

    #[test]
    fn columns_are_the_fields_in_their_order() {
        assert_eq!(of::<Row>(), ["first", "2nd"]);
        assert!(of::<f64>().is_empty() && of::<Vec<Row>>().is_empty());
    }
}
