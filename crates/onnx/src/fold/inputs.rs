//! The inputs of a node, all of which are constants.

use crate::error::Refusal;
use crate::node::Node;
use crate::tensor::Tensor;
use std::sync::Arc;

/// The inputs of a node.
pub(super) struct Inputs<'a>(pub &'a [Option<Arc<Tensor>>]);

impl Inputs<'_> {
    pub(super) fn get(&self, place: usize) -> Option<&Arc<Tensor>> {
        self.0.get(place).and_then(Option::as_ref)
    }

    pub(super) fn required(&self, place: usize) -> Result<&Arc<Tensor>, Refusal> {
        self.get(place).ok_or_else(|| Refusal::new(format!("no input {place}"), "one"))
    }

    /// The integers of an attribute or of an input.
    pub(super) fn ints(&self, node: Node<'_>, attribute: &str, place: usize) -> Result<Option<Vec<i64>>, Refusal> {
        match node.ints(attribute) {
            Some(ints) => Ok(Some(ints.to_vec())),
            None => self.get(place).map(|tensor| Ok(tensor.to_ints()?.to_vec())).transpose(),
        }
    }
}
