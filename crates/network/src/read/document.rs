//! The whole text.

use super::elements::Elements;
use super::fields::{Bounds, Fields, Located, whole};
use super::scope::{Scope, check_name};
use super::source::Source;
use crate::description::{At, Description, Normalization};
use crate::error::NetworkError;
use crate::expression::shortened;
use crate::limits;
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue};

/// Reads a description. `file` is its name in errors.
pub(crate) fn read(text: &str, file: &str) -> Result<Description, NetworkError> {
    let source = Source::new(file, text);
    let document = DeTable::parse(text).map_err(|error| source.syntax(&error))?;
    let fields = Fields::new(&source, "network", document.get_ref(), 0);
    fields.only(&["name", "input", "classes", "normalize", "options", "layers"])?;
    let options = options(&fields)?;
    let input = fields.array("input")?;
    let input: Vec<usize> = input.iter().map(|value| size(&fields, "input", value)).collect::<Result<_, _>>()?;
    let line = |key| Ok::<_, NetworkError>(source.line(fields.required(key)?.span().start));
    let classes = size(&fields, "classes", fields.required("classes")?)?;
    let mut elements = Elements { source: &source, scope: Scope::new(&options), depth: 0 };
    let layers = elements.list(&fields, "layers")?;
    let name = fields
        .get("name")
        .map(|value| value.get_ref().as_str().map(str::to_owned).ok_or_else(|| fields.wrong("name", value, "a text")));
    Ok(Description {
        name: name.transpose()?,
        input: At { line: line("input")?, value: input },
        classes: At { line: line("classes")?, value: classes },
        normalize: normalization(&fields)?,
        layers,
        options,
    })
}

/// A positive number.
fn size(fields: &Fields<'_>, key: &str, value: Located<'_>) -> Result<usize, NetworkError> {
    let number = value.get_ref().as_integer().and_then(whole).and_then(|n| u64::try_from(n).ok());
    let number = number.filter(|n| (1..=limits::SIZE).contains(n)).and_then(|n| usize::try_from(n).ok());
    number.ok_or_else(|| {
        let found = format!("{key} with {}", super::source::described(value.get_ref()));
        let expected = format!("a whole number from 1 to {}", limits::SIZE);
        fields.source.content(value.span().start, &fields.label, found, expected)
    })
}

fn table<'a>(fields: &Fields<'a>, key: &str) -> Result<Option<Fields<'a>>, NetworkError> {
    let Some(value) = fields.get(key) else { return Ok(None) };
    match value.get_ref() {
        DeValue::Table(table) => Ok(Some(Fields::new(fields.source, key, table, value.span().start))),
        _ => Err(fields.wrong(key, value, "a table")),
    }
}

fn options(fields: &Fields<'_>) -> Result<BTreeMap<String, i64>, NetworkError> {
    let mut options = BTreeMap::new();
    let Some(table) = table(fields, "options")? else { return Ok(options) };
    for (name, start, value) in table.entries() {
        check_name(name)
            .map_err(|expected| table.source.content(start, "options", format!("{:?}", shortened(name)), expected))?;
        let number = value.get_ref().as_integer().and_then(whole);
        let number = number.filter(|n| u64::try_from(*n).is_ok_and(|n| n <= limits::SIZE));
        let expected = || format!("a whole number from 0 to {}", limits::SIZE);
        options.insert(name.to_owned(), number.ok_or_else(|| table.wrong(name, value, expected()))?);
        if options.len() as u64 > limits::OPTIONS {
            let found = options.len() as u64;
            return Err(table.source.limit(start, "options", "options", found, limits::OPTIONS));
        }
    }
    Ok(options)
}

fn normalization(fields: &Fields<'_>) -> Result<Option<At<Normalization>>, NetworkError> {
    let Some(table) = table(fields, "normalize")? else { return Ok(None) };
    table.only(&["mean", "deviation"])?;
    let numbers = |key: &str, bounds: Bounds| -> Result<Vec<f64>, NetworkError> {
        table.array(key)?.iter().map(|value| table.number_of(key, value, bounds)).collect()
    };
    let value =
        Normalization { mean: numbers("mean", Bounds::Finite)?, deviation: numbers("deviation", Bounds::Positive)? };
    Ok(Some(At { line: table.line(), value }))
}
