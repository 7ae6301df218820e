//! The state of an import, and what operators ask of it.

use crate::error::Refusal;
use crate::fold::Budget;
use crate::node::Node;
use crate::program::{Flow, Operation, Program, StepId};
use crate::tensor::Tensor;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A value of a model.
#[derive(Clone, Debug)]
pub(crate) enum Operand {
    /// The same for every image.
    Constant(Arc<Tensor>),
    /// Computed from the image.
    Flow(Flow),
    /// Whether a value is above a number.
    Above { flow: Flow, number: f64 },
    /// The output of a node that is not supported.
    Unknown,
}

/// The state of an import.
#[derive(Debug)]
pub(crate) struct Importer<'m> {
    pub program: Program,
    pub folding: Budget,
    /// The steps of values that several nodes read. A value in another shape is still of its step.
    pub shared: HashSet<StepId>,
    pub values: HashMap<&'m str, Operand>,
}

/// A node with its inputs.
#[derive(Debug)]
pub(crate) struct Call<'m> {
    pub node: Node<'m>,
    pub inputs: Vec<Option<Operand>>,
}

impl<'m> Call<'m> {
    /// An input that has to be there.
    pub(crate) fn input(&self, place: usize) -> Result<&Operand, Refusal> {
        let missing = || Refusal::new(format!("no input {place}"), "one");
        self.inputs.get(place).and_then(Option::as_ref).ok_or_else(missing)
    }

    /// An input that is computed from the image.
    pub(crate) fn flow(&self, place: usize) -> Result<&Flow, Refusal> {
        match self.input(place)? {
            Operand::Flow(flow) => Ok(flow),
            _ => Err(Refusal::new(format!("a constant as input {place}"), "a value computed from the image")),
        }
    }

    /// A constant input, if it is there.
    pub(crate) fn constant(&self, place: usize) -> Result<Option<&Arc<Tensor>>, Refusal> {
        match self.inputs.get(place).and_then(Option::as_ref) {
            None => Ok(None),
            Some(Operand::Constant(tensor)) => Ok(Some(tensor)),
            Some(_) => Err(Refusal::new(format!("input {place} that depends on the image"), "a constant")),
        }
    }

    /// A constant input that has to be there.
    pub(crate) fn required(&self, place: usize) -> Result<&Arc<Tensor>, Refusal> {
        self.constant(place)?.ok_or_else(|| Refusal::new(format!("no input {place}"), "a constant"))
    }

    /// The name of an input in the file.
    fn array(&self, place: usize) -> &'m str {
        self.node.proto.input.get(place).map_or("", String::as_str)
    }

    /// The name for parameters of this input, or of the node.
    pub(crate) fn name(&self, place: usize) -> String {
        let own = crate::name::of_array(self.array(place));
        own.map_or_else(|| crate::name::of_node(self.node.name()), str::to_owned)
    }

    /// The name of a constant input as a learned value; empty for a name without a meaning.
    pub(crate) fn constant_name(&self, place: usize) -> &'m str {
        let array = self.array(place);
        crate::name::of_array(array).map_or("", |_| array)
    }

    /// The integers of an attribute, or of a constant input in later opsets.
    pub(crate) fn ints(&self, attribute: &str, place: usize) -> Result<Option<Vec<i64>>, Refusal> {
        match self.node.ints(attribute) {
            Some(ints) => Ok(Some(ints.to_vec())),
            None => self.constant(place)?.map(|tensor| Ok(tensor.to_ints()?.to_vec())).transpose(),
        }
    }
}

impl Importer<'_> {
    /// A value, or a constant as a learned value.
    pub(crate) fn as_flow(&mut self, call: &Call<'_>, place: usize) -> Result<Flow, Refusal> {
        match call.input(place)? {
            Operand::Flow(flow) => Ok(flow.clone()),
            Operand::Constant(tensor) => self.program.embedding(tensor, call.constant_name(place)),
            Operand::Above { .. } | Operand::Unknown => Err(Refusal::new("a truth value", "a number")),
        }
    }

    /// A step on the stored array of a value, which keeps its order.
    pub(crate) fn elementwise(&mut self, operation: Operation, flow: &Flow) -> Result<Flow, Refusal> {
        let shape = self.program.shape(flow.step);
        let step = self.program.push(operation, &[flow.step], &shape, "")?;
        Ok(Flow { step, view: flow.view.clone() })
    }
}
