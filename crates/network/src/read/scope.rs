//! The names that expressions may use at a place of a description.

use crate::expression::{Expression, is_identifier, shortened};
use crate::suggestion::one_of;
use crate::template::Template;
use std::collections::BTreeMap;

/// Words with a meaning of their own, which no option or index may have.
const RESERVED: [&str; 3] = ["classes", "same", "valid"];

/// Options, and the indices of the repetitions around a place.
pub(super) struct Scope<'a> {
    options: &'a BTreeMap<String, i64>,
    indices: Vec<String>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(options: &'a BTreeMap<String, i64>) -> Self {
        Self { options, indices: Vec::new() }
    }

    /// Adds an index. The error says what was expected.
    pub(super) fn push(&mut self, index: &str) -> Result<(), String> {
        check_name(index)?;
        if self.options.contains_key(index) || self.indices.iter().any(|other| other == index) {
            return Err("a name that no option and no repetition around this one has".into());
        }
        self.indices.push(index.to_owned());
        Ok(())
    }

    /// Removes the index that was added last.
    pub(super) fn pop(&mut self) {
        self.indices.pop();
    }

    /// The expression of a text. The error holds the found and the expected text.
    pub(super) fn expression(&self, text: &str) -> Result<Expression, (String, String)> {
        let expression = Expression::parse(text).map_err(|expected| (format!("{:?}", shortened(text)), expected))?;
        let mut unknown = None;
        expression.for_each_name(&mut |name| {
            if !self.knows(name) {
                unknown.get_or_insert(name);
            }
        });
        match unknown {
            None => Ok(expression),
            Some(name) => {
                let options = self.options.keys().map(String::as_str);
                let known = options.chain(self.indices.iter().map(String::as_str)).chain(["classes"]);
                Err((shortened(name), format!("one of {}", one_of(known, name))))
            }
        }
    }

    /// The name of a text. The error holds the found and the expected text.
    pub(super) fn template(&self, text: &str) -> Result<Template, (String, String)> {
        let template =
            Template::parse(text).map_err(|expected| (format!("{:?}", shortened(text)), expected.to_owned()))?;
        if let Some(index) = template.indices().find(|index| !self.indices.iter().any(|known| known == index)) {
            let known = one_of(self.indices.iter().map(String::as_str), index);
            return Err((format!("{{{index}}}"), format!("the index of a repetition around it: {known}")));
        }
        Ok(template)
    }

    fn knows(&self, name: &str) -> bool {
        name == "classes" || self.options.contains_key(name) || self.indices.iter().any(|index| index == name)
    }
}

/// Whether an option or an index may have this name. The error says what was expected.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    if is_identifier(name) && !RESERVED.contains(&name) {
        return Ok(());
    }
    Err(format!("a word of at most 40 letters, digits and _, but not {}", RESERVED.join(", ")))
}
