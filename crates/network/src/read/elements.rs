//! Lists of layers and groups of layers.

use super::fields::{Fields, Located};
use super::layers;
use super::scope::Scope;
use super::source::{Source, described};
use super::values::Sizes;
use crate::description::{At, Element};
use crate::error::NetworkError;
use crate::expression::shortened;
use crate::limits;
use toml::de::{DeTable, DeValue};

/// Reads lists of layers.
pub(super) struct Elements<'a> {
    pub source: &'a Source<'a>,
    pub scope: Scope<'a>,
    /// The number of groups around the place.
    pub depth: u64,
}

impl<'a> Elements<'a> {
    /// The list of a key.
    pub(super) fn list(&mut self, fields: &Fields<'a>, key: &str) -> Result<Vec<At<Element>>, NetworkError> {
        let array = fields.array(key)?;
        if self.depth > limits::NESTING {
            let start = fields.required(key)?.span().start;
            let what = "groups within one another";
            return Err(self.source.limit(start, &fields.label, what, self.depth, limits::NESTING));
        }
        if array.len() as u64 > limits::LAYERS {
            let start = fields.required(key)?.span().start;
            return Err(self.source.limit(start, &fields.label, "layers", array.len() as u64, limits::LAYERS));
        }
        array.iter().map(|value| self.element(value)).collect()
    }

    fn element(&mut self, value: Located<'a>) -> Result<At<Element>, NetworkError> {
        let start = value.span().start;
        let value = match value.get_ref() {
            DeValue::String(kind) => {
                let empty = DeTable::new();
                let fields = Fields::new(self.source, shortened(kind), &empty, start);
                Element::Layer(Box::new(layers::bare(&fields, kind, start, &self.scope)?))
            }
            DeValue::Table(table) => self.table(Fields::new(self.source, "layer", table, start))?,
            other => {
                let expected = "the name of a layer, or a table with the key layer, repeat, residual or module";
                return Err(self.source.content(start, "layer", described(other), expected));
            }
        };
        Ok(At { line: self.source.line(start), value })
    }

    fn table(&mut self, mut fields: Fields<'a>) -> Result<Element, NetworkError> {
        if fields.has("repeat") {
            fields.label = "repeat".into();
            self.repeat(&fields)
        } else if fields.has("residual") {
            fields.label = "residual".into();
            fields.only(&["residual", "shortcut"])?;
            let residual = self.within(&fields, "residual")?;
            let shortcut = fields.has("shortcut").then(|| self.within(&fields, "shortcut")).transpose()?;
            Ok(Element::Residual { residual, shortcut })
        } else if fields.has("module") {
            fields.label = "module".into();
            fields.only(&["module", "layers"])?;
            let value = fields.required("module")?;
            let text = fields.text("module", value)?;
            let wrong = |(found, expected)| self.source.content(value.span().start, "module", found, expected);
            let name = self.scope.template(text).map_err(wrong)?;
            fields.label = format!("module {name}");
            Ok(Element::Module { name, layers: self.within(&fields, "layers")? })
        } else if fields.has("layer") {
            Ok(Element::Layer(Box::new(layers::layer(&mut fields, &self.scope)?)))
        } else {
            let keys = fields.entries().first().map_or("no key".to_owned(), |(key, ..)| format!("the key {key}"));
            let expected = "one of the keys layer, repeat, residual, module";
            Err(self.source.content(fields.start(), "layer", shortened(&keys), expected))
        }
    }

    fn repeat(&mut self, fields: &Fields<'a>) -> Result<Element, NetworkError> {
        fields.only(&["repeat", "index", "first", "layers"])?;
        let sizes = Sizes { fields, scope: &self.scope };
        let (count, first) = (sizes.required("repeat")?, sizes.optional("first", 0)?);
        let index = match fields.get("index") {
            None => None,
            Some(value) => {
                let text = fields.text("index", value)?;
                self.scope.push(text).map_err(|expected| fields.wrong("index", value, expected))?;
                Some(text.to_owned())
            }
        };
        let layers = self.within(fields, "layers")?;
        if index.is_some() {
            self.scope.pop();
        }
        Ok(Element::Repeat { count, index, first, layers })
    }

    /// The list of a key of a group.
    fn within(&mut self, fields: &Fields<'a>, key: &str) -> Result<Vec<At<Element>>, NetworkError> {
        self.depth += 1;
        let list = self.list(fields, key)?;
        self.depth -= 1;
        Ok(list)
    }
}
