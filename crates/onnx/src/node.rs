//! A node's attributes.

use crate::error::Refusal;
use crate::proto::{AttributeProto, NodeProto, TensorProto};

/// A node of a model, with the version of the operators.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'m> {
    pub proto: &'m NodeProto,
    pub opset: i64,
}

impl<'m> Node<'m> {
    /// Its name, or the name of its first output.
    pub(crate) fn name(&self) -> &'m str {
        let output = || self.proto.output.first().map_or("", String::as_str);
        if self.proto.name.is_empty() { output() } else { &self.proto.name }
    }

    /// Its operator.
    pub(crate) fn operator(&self) -> &'m str {
        &self.proto.op_type
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&'m AttributeProto> {
        self.proto.attribute.iter().find(|attribute| attribute.name == name)
    }

    pub(crate) fn int(&self, name: &str, default: i64) -> i64 {
        self.attribute(name).map_or(default, |attribute| attribute.i)
    }

    pub(crate) fn float(&self, name: &str, default: f64) -> f64 {
        self.attribute(name).map_or(default, |attribute| f64::from(attribute.f))
    }

    pub(crate) fn ints(&self, name: &str) -> Option<&'m [i64]> {
        self.attribute(name).map(|attribute| &attribute.ints[..])
    }

    pub(crate) fn tensor(&self, name: &str) -> Option<&'m TensorProto> {
        self.attribute(name).and_then(|attribute| attribute.t.as_deref())
    }

    /// The text of an attribute.
    pub(crate) fn text(&self, name: &str, default: &'static str) -> Result<&'m str, Refusal> {
        let Some(attribute) = self.attribute(name) else { return Ok(default) };
        std::str::from_utf8(&attribute.s)
            .map_err(|_| Refusal::new(format!("attribute {name}, which is no text"), "a text"))
    }

    /// Refuses an attribute with another value than this one.
    pub(crate) fn only(&self, name: &str, value: i64) -> Result<(), Refusal> {
        let found = self.int(name, value);
        if found == value {
            return Ok(());
        }
        Err(Refusal::new(format!("attribute {name} = {found}"), value.to_string()))
    }
}

/// An axis from 0 for one that may be counted from the end.
pub(crate) fn axis(axis: i64, rank: usize) -> Result<usize, Refusal> {
    let from_end = if axis < 0 { i64::try_from(rank).ok().and_then(|rank| axis.checked_add(rank)) } else { Some(axis) };
    let found = from_end.and_then(|axis| usize::try_from(axis).ok()).filter(|&axis| axis < rank);
    found.ok_or_else(|| Refusal::new(format!("axis {axis} of {rank}"), "an axis of the input"))
}

/// Axes from 0.
pub(crate) fn axes(axes: &[i64], rank: usize) -> Result<Vec<usize>, Refusal> {
    axes.iter().map(|&of| axis(of, rank)).collect()
}
