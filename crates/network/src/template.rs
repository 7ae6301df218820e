//! Names of layers, with the indices of repetitions: `stage1_block{b}_conv1`.

use crate::expression::is_identifier;
use std::fmt;

/// The largest number of characters in a name.
const MOST_CHARACTERS: usize = 100;

/// A name whose parts in braces are replaced by the indices of repetitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Index(String),
}

impl Template {
    /// Reads a name. The error says which text was expected.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > MOST_CHARACTERS {
            return Err("a name of at most 100 characters");
        }
        let mut parts = Vec::new();
        let mut sample = String::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('{') {
                let (index, after) = after.split_once('}').ok_or("a closing brace")?;
                if !is_identifier(index) {
                    return Err("the index of a repetition in braces, such as {i}");
                }
                parts.push(Part::Index(index.to_owned()));
                sample.push('0');
                rest = after;
            } else {
                let (text, after) = rest.split_at(rest.find('{').unwrap_or(rest.len()));
                parts.push(Part::Text(text.to_owned()));
                sample.push_str(text);
                rest = after;
            }
        }
        let valid = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if sample.split('.').all(|name| !name.is_empty() && name.chars().all(valid)) {
            Ok(Self(parts))
        } else {
            Err("a name of letters, digits, _ and -, with . between modules and indices of repetitions in braces")
        }
    }

    /// The indices that it contains.
    pub(crate) fn indices(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Index(index) => Some(index.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The name at these indices. An unknown index stays in braces.
    pub(crate) fn filled(&self, number: &dyn Fn(&str) -> Option<i64>) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Index(index) => number(index).map_or_else(|| part.to_string(), |n| n.to_string()),
        };
        self.0.iter().map(part).collect()
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => formatter.write_str(text),
            Self::Index(index) => write!(formatter, "{{{index}}}"),
        }
    }
}

impl fmt::Display for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| part.fmt(formatter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_filled_in() {
        let template = Template::parse("stage1.block{b}_{i}").unwrap();
        assert_eq!(template.indices().collect::<Vec<_>>(), ["b", "i"]);
        assert_eq!(template.filled(&|name| (name == "b").then_some(7)), "stage1.block7_{i}");
        assert_eq!(template.to_string(), "stage1.block{b}_{i}");
    }

    #[test]
    fn texts_that_are_no_names() {
        let long = "a".repeat(101);
        for text in ["", ".", "a.", ".a", "a..b", "a b", "é", "{", "{i", "{}", "{1}", "}", "a/b", "\"", &long] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }
}
