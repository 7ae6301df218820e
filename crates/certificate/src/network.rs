//! A network as the checker reads it: affine operations, ReLU and maxima, with the terms of every output.

use crate::CertificateError;
use crate::affine::{Affine, border, convolution, rearrangement, reduction, windows};
use crate::certificate::Relu;
use minima_autodiff::{Activation, Graph, LayerOperation};
use std::collections::HashMap;

const EXPECTED: &str = "convolutions, dense layers, sums, constants, means, rearrangements, concatenations, ReLU, leaky ReLU \
                        with slopes from 0 to 1, and max pooling can be checked";

/// A network with its parameters. Node k writes value k + 1, and value 0 is the input.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    /// The number of features of each value.
    pub(crate) widths: Vec<usize>,
    pub(crate) nodes: Vec<Node>,
    /// The nodes that are ReLUs, in the order of computation.
    pub(crate) relus: Vec<usize>,
}

/// An operation with the values that it reads.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) operation: Operation,
    pub(crate) inputs: Vec<usize>,
}

/// An operation.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// Sums of products with constants.
    Affine(Affine),
    /// x for x > 0, and `slope · x` otherwise: the ReLU with this number.
    Relu { slope: f64, number: usize },
    /// The maximum of some features, for each output.
    Max(Vec<Vec<u32>>),
}

impl Network {
    /// Reads the layers of a graph.
    pub(crate) fn new(graph: &Graph, params: &[f32]) -> Result<Self, CertificateError> {
        let expected = graph.parameter_count();
        if params.len() != expected {
            return Err(CertificateError::Length { what: "parameters", found: params.len(), expected });
        }
        let mut network = Self { widths: vec![graph.features()], nodes: Vec::new(), relus: Vec::new() };
        let sizes = graph.value_sizes();
        let shapes = graph.value_shapes();
        let mut values = HashMap::from([(0_usize, 0_usize)]);
        for (number, layer) in graph.layers().into_iter().enumerate() {
            let spec =
                graph.parameters().iter().find(|p| !layer.params.is_empty() && p.range.start == layer.params.start);
            let name = match spec {
                Some(spec) if !spec.module.is_empty() => spec.module.clone(),
                _ => format!("{number} ({})", layer.operation.name()),
            };
            let refused = || CertificateError::Operation {
                layer: name.clone(),
                operation: layer.operation.name().into(),
                expected: EXPECTED,
            };
            let own = params.get(layer.params.clone()).unwrap_or_default();
            let inputs: Option<Vec<usize>> = layer.inputs.iter().map(|value| values.get(value).copied()).collect();
            let inputs = inputs.ok_or_else(refused)?;
            let shape = shapes.get(layer.output).ok_or_else(refused)?;
            let operation = operation(&layer.operation, own, shape).ok_or_else(refused)?;
            if let Operation::Affine(affine) = &operation
                && let Some((index, found)) = affine.not_finite()
            {
                return Err(CertificateError::Parameter { layer: name, index, found });
            }
            let width = sizes.get(layer.output).copied().ok_or_else(refused)?;
            let mut value = network.push(name.clone(), operation, inputs, width);
            if layer.rectified {
                value = network.push(name, Operation::Relu { slope: 0.0, number: 0 }, vec![value], width);
            }
            values.insert(layer.output, value);
        }
        Ok(network)
    }

    /// Adds a node, and returns the value that it writes.
    pub(crate) fn push(&mut self, name: String, mut operation: Operation, inputs: Vec<usize>, width: usize) -> usize {
        if let Operation::Relu { number, .. } = &mut operation {
            *number = self.relus.len();
            self.relus.push(self.nodes.len());
        }
        self.nodes.push(Node { name, operation, inputs });
        self.widths.push(width);
        self.widths.len() - 1
    }

    /// The value of the outputs.
    pub(crate) fn output(&self) -> usize {
        self.widths.len() - 1
    }

    /// The number and the feature of a ReLU, which must exist.
    pub(crate) fn relu(&self, relu: Relu, place: &str) -> Result<(usize, usize), CertificateError> {
        let (layer, feature) = (relu.layer as usize, relu.feature as usize);
        match self.relu_width(layer) {
            Some(width) if feature < width => Ok((layer, feature)),
            Some(width) => Err(CertificateError::field(
                place,
                format!("feature {feature} of ReLU layer {layer}"),
                format!("a feature below {width}"),
            )),
            None => Err(CertificateError::field(
                place,
                format!("ReLU layer {layer}"),
                format!("a layer below {}", self.relus.len()),
            )),
        }
    }

    /// The number of features of a ReLU, if there is one with this number.
    pub(crate) fn relu_width(&self, number: usize) -> Option<usize> {
        self.relus.get(number).map(|&node| self.widths[node + 1])
    }
}

/// The operation of a layer, or `None` if it cannot be checked.
fn operation(operation: &LayerOperation, params: &[f32], shape: &[usize]) -> Option<Operation> {
    let width: usize = shape.iter().product();
    let single = |numbers: &[f64]| numbers.iter().map(|&x| x as f32).collect::<Vec<f32>>();
    Some(Operation::Affine(match operation {
        LayerOperation::Conv2d { spec, input } => convolution(spec, *input, shape, params)?,
        &LayerOperation::Dense { inputs, outputs } => Affine::dense(1, inputs, outputs, params)?,
        &LayerOperation::TokenwiseDense { places, inputs, outputs } => Affine::dense(places, inputs, outputs, params)?,
        LayerOperation::Embedding => Affine::constant(params.to_vec()),
        LayerOperation::Constant(numbers) => Affine::constant(single(numbers)),
        LayerOperation::Relu { .. } => return Some(Operation::Relu { slope: 0.0, number: 0 }),
        &LayerOperation::Activation { function: Activation::LeakyRelu { slope }, .. } => {
            let slope = f64::from(slope as f32);
            return (0.0..=1.0).contains(&slope).then_some(Operation::Relu { slope, number: 0 });
        }
        LayerOperation::MaxPool2d(pool) => {
            let low =
                [0, 1].map(|axis| border(pool.padding, axis, pool.input[axis], pool.size[axis], pool.stride[axis]));
            return Some(Operation::Max(windows(pool, low, shape)?));
        }
        LayerOperation::AvgPool2d(pool) => {
            let low =
                [0, 1].map(|axis| border(pool.padding, axis, pool.input[axis], pool.size[axis], pool.stride[axis]));
            let weight = |window: &[u32]| {
                let counted = if pool.count_padding { pool.size[0] * pool.size[1] } else { window.len() };
                1.0 / counted as f32
            };
            let windows = windows(pool, low, shape)?;
            let terms = windows.iter().map(|window| window.iter().map(|&i| (0, i, weight(window))).collect());
            Affine::table(terms.collect(), Vec::new())
        }
        LayerOperation::Add { .. } => {
            Affine::table((0..width as u32).map(|i| vec![(0, i, 1.0), (1, i, 1.0)]).collect(), Vec::new())
        }
        LayerOperation::Reduce { shape, axes, mean } => reduction(shape, axes, *mean),
        LayerOperation::Rearrange(order) => rearrangement(order),
        LayerOperation::Concat { outer, runs } => {
            let places = (0..*outer).flat_map(|place| runs.iter().enumerate().map(move |(k, &run)| (place, k, run)));
            let terms = places
                .flat_map(|(place, k, run)| (0..run).map(move |i| vec![(k as u32, (place * run + i) as u32, 1.0)]));
            Affine::table(terms.collect(), Vec::new())
        }
        LayerOperation::ChannelAffine { scale, shift, .. } => {
            let scale = single(scale);
            let terms = (0..width as u32).zip(scale.iter().cycle()).map(|(i, &scale)| vec![(0, i, scale)]);
            Affine::table(terms.collect(), single(shift))
        }
        _ => return None,
    }))
}
