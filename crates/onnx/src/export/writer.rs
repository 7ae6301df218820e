//! The nodes and tensors of a model so far.

use super::attributes::ints;
use crate::proto::{AttributeProto, NodeProto, TensorProto, data_type};
use bytes::Bytes;
use std::collections::HashMap;

/// The name of the model's input.
pub(super) const INPUT: &str = "images";

/// How the numbers of a value are ordered in the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Form {
    /// As in minima: channels last.
    Plain,
    /// A feature map with its channels first.
    ChannelsFirst,
}

/// A value of the network in the model.
#[derive(Clone, Debug)]
struct Written {
    /// The shape for one image, in minima's order.
    shape: Vec<usize>,
    /// The form in which it was computed.
    form: Form,
    names: HashMap<Form, String>,
}

/// Writes nodes. Values have the numbers that they have in the network.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub nodes: Vec<NodeProto>,
    pub tensors: Vec<TensorProto>,
    values: HashMap<usize, Written>,
    batch: Option<String>,
}

impl Writer {
    /// Gives a value of the network its name in the model.
    pub(super) fn set(&mut self, value: usize, shape: &[usize], form: Form, name: String) {
        let names = HashMap::from([(form, name)]);
        self.values.insert(value, Written { shape: shape.to_vec(), form, names });
    }

    /// The form in which a value was computed, and its shape.
    pub(super) fn native(&self, value: usize) -> (Form, Vec<usize>) {
        self.values.get(&value).map_or((Form::Plain, Vec::new()), |written| (written.form, written.shape.clone()))
    }

    /// The name of a value in this form. Only feature maps have both.
    pub(super) fn name(&mut self, value: usize, form: Form) -> String {
        let Some(written) = self.values.get(&value) else { return String::new() };
        if let Some(name) = written.names.get(&form) {
            return name.clone();
        }
        let own = written.names.get(&written.form).cloned().unwrap_or_default();
        let axes = match form {
            Form::Plain => [0, 2, 3, 1],
            Form::ChannelsFirst => [0, 3, 1, 2],
        };
        let name = self.node("Transpose", &[&own], vec![ints("perm", axes)]);
        if let Some(written) = self.values.get_mut(&value) {
            written.names.insert(form, name.clone());
        }
        name
    }

    /// The name of a value in minima's order with this shape.
    pub(super) fn shaped(&mut self, value: usize, shape: &[usize]) -> String {
        let name = self.name(value, Form::Plain);
        let own = self.native(value).1;
        if own == shape { name } else { self.reshape(&name, shape) }
    }

    /// The name of a feature map with its channels first.
    pub(super) fn map(&mut self, value: usize, shape: [usize; 3]) -> String {
        if self.native(value).1 == shape {
            return self.name(value, Form::ChannelsFirst);
        }
        let plain = self.shaped(value, &shape);
        self.node("Transpose", &[&plain], vec![ints("perm", [0, 3, 1, 2])])
    }

    /// Numbers in another shape for each image.
    pub(super) fn reshape(&mut self, name: &str, shape: &[usize]) -> String {
        let sizes: Vec<i64> = std::iter::once(-1).chain(shape.iter().map(|&size| size as i64)).collect();
        let sizes = self.integers(&sizes);
        self.node("Reshape", &[name, &sizes], Vec::new())
    }

    /// A node with one output, whose name it returns.
    pub(super) fn node(&mut self, operator: &str, inputs: &[&str], attribute: Vec<AttributeProto>) -> String {
        let name = format!("{operator}_{}", self.nodes.len());
        self.nodes.push(NodeProto {
            input: inputs.iter().map(|&input| input.to_owned()).collect(),
            output: vec![name.clone()],
            name: name.clone(),
            op_type: operator.to_owned(),
            attribute,
            domain: String::new(),
        });
        name
    }

    /// A tensor of floating-point numbers.
    pub(super) fn floats(&mut self, name: &str, shape: &[usize], numbers: impl IntoIterator<Item = f32>) -> String {
        let bytes: Vec<u8> = numbers.into_iter().flat_map(f32::to_le_bytes).collect();
        self.tensor(name, shape, data_type::FLOAT, bytes)
    }

    /// A number.
    pub(super) fn number(&mut self, number: f64) -> String {
        self.floats("", &[], [number as f32])
    }

    /// A vector of integers.
    pub(super) fn integers(&mut self, numbers: &[i64]) -> String {
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        if let Some(known) =
            self.tensors.iter().find(|tensor| tensor.data_type == data_type::INT64 && tensor.raw_data == bytes)
        {
            return known.name.clone();
        }
        self.tensor("", &[numbers.len()], data_type::INT64, bytes)
    }

    fn tensor(&mut self, name: &str, shape: &[usize], data_type: i32, bytes: Vec<u8>) -> String {
        let taken = self.tensors.iter().any(|tensor| tensor.name == name);
        let name = if name.is_empty() || taken { format!("constant_{}", self.tensors.len()) } else { name.to_owned() };
        self.tensors.push(TensorProto {
            dims: shape.iter().map(|&size| size as i64).collect(),
            data_type,
            name: name.clone(),
            raw_data: Bytes::from(bytes),
            ..TensorProto::default()
        });
        name
    }

    /// A tensor for one image, `(1, …)`, once for each image.
    pub(super) fn for_each_image(&mut self, tensor: &str, shape: &[usize]) -> String {
        let batch = match &self.batch {
            Some(batch) => batch.clone(),
            None => {
                let batch = self.node(
                    "Shape",
                    &[INPUT],
                    vec![super::attributes::int("start", 0), super::attributes::int("end", 1)],
                );
                self.batch.insert(batch).clone()
            }
        };
        let sizes: Vec<i64> = shape.iter().map(|&size| size as i64).collect();
        let sizes = self.integers(&sizes);
        let full = self.node("Concat", &[&batch, &sizes], vec![super::attributes::int("axis", 0)]);
        self.node("Expand", &[tensor, &full], Vec::new())
    }
}
