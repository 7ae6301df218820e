//! The values of expressions at one layer.

use super::fault::Fault;
use crate::expression::Expression;
use crate::layer::{Border, Pair};
use crate::limits;
use minima_autodiff::Padding;
use std::collections::BTreeMap;

/// The numbers that names stand for at one place.
#[derive(Debug)]
pub(super) struct Numbers<'a> {
    pub options: &'a BTreeMap<String, i64>,
    pub classes: usize,
    /// The indices of the repetitions around the place.
    pub indices: Vec<(&'a str, i64)>,
}

impl Numbers<'_> {
    /// The number of a name.
    pub(super) fn of(&self, name: &str) -> Option<i64> {
        let index = self.indices.iter().rev().find(|(index, _)| *index == name).map(|(_, number)| *number);
        let classes = || (name == "classes").then(|| i64::try_from(self.classes).ok()).flatten();
        index.or_else(|| self.options.get(name).copied()).or_else(classes)
    }

    pub(super) fn value(&self, expression: &Expression) -> Result<i64, Fault> {
        Ok(expression.value(&|name| self.of(name))?)
    }

    /// The value of an expression that stands for a size, an index or a count.
    pub(super) fn size(&self, expression: &Expression) -> Result<usize, Fault> {
        let value = self.value(expression)?;
        let size = u64::try_from(value).ok().filter(|&size| size <= limits::SIZE);
        size.and_then(|size| usize::try_from(size).ok()).ok_or_else(|| {
            let found = if matches!(expression, Expression::Number(_)) {
                value.to_string()
            } else {
                format!("{expression}, which is {value}")
            };
            Fault::content(found, format!("a whole number from 0 to {}", limits::SIZE))
        })
    }

    pub(super) fn sizes(&self, expressions: &[Expression]) -> Result<Vec<usize>, Fault> {
        expressions.iter().map(|expression| self.size(expression)).collect()
    }

    pub(super) fn pair(&self, [vertical, horizontal]: &Pair) -> Result<[usize; 2], Fault> {
        Ok([self.size(vertical)?, self.size(horizontal)?])
    }

    /// A border.
    pub(super) fn padding(&self, border: &Border) -> Result<Padding, Fault> {
        Ok(match border {
            Border::Same => Padding::Same,
            Border::Valid => Padding::Valid,
            Border::Explicit([vertical, horizontal]) => {
                let [[above, below], [left, right]] = [self.pair(vertical)?, self.pair(horizontal)?];
                Padding::Explicit { low: [above, left], high: [below, right] }
            }
        })
    }
}
