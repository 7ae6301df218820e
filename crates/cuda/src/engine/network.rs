//! A network's passes on a device: forward, tangent, and reverse for several cotangents of each image at once.

use super::pool::{Loan, Pool};
use super::supported::check_supported;
use crate::device::Device;
use crate::ops::{Add, AvgPool2d, Conv2d, Dense, MaxPool2d, PoolWindow, Relu, Tangents};
use crate::slice::Slice;
use crate::{Columns, CudaError, Write};
use minima_autodiff::{Graph, Layer, LayerOperation, Pooling};
use std::ops::Range;
use std::sync::Arc;

/// A layer with its launchers.
pub(crate) struct Node {
    pub layer: Layer,
    pub operation: Operation,
    /// For each input: whether this layer gates the cotangent as it writes it, because the input is rectified and
    /// nothing else is added to the cotangent.
    gates: Vec<bool>,
}

/// The launchers of an operation.
pub(crate) enum Operation {
    Conv2d(Conv2d),
    Dense(Dense, usize),
    Relu(Relu),
    AvgPool2d(AvgPool2d),
    MaxPool2d(MaxPool2d),
    Add(Add),
}

/// A network's layers, and the range of each value in an arena `[value and feature][column]`.
pub(crate) struct Network {
    pub nodes: Vec<Node>,
    /// The features of each value, one value after another. The input, value 0, is not in the arena.
    features: Vec<Range<usize>>,
    /// For each value, whether it is rectified and which layer gates its cotangent.
    rectified: Vec<Rectified>,
    pub output: usize,
    pub inputs: usize,
    pub params: usize,
}

/// Whether a value is the output of a rectified layer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rectified {
    No,
    /// Its only reader gates the cotangent.
    ByItsReader,
    /// Several layers add to the cotangent, so it is gated after all of them.
    ByItself,
}

/// How far a reverse pass goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// To the parameters only.
    Parameters,
    /// To the input.
    Input,
}

/// A batch's values.
pub(crate) struct Values<'v, D: Device> {
    pub images: usize,
    /// The input, `[feature][image]`.
    pub input: Slice<'v, D, f32>,
    /// The other values.
    pub arena: Slice<'v, D, f32>,
}

impl<D: Device> Clone for Values<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D: Device> Copy for Values<'_, D> {}

/// The callback of a reverse pass, called at each layer with parameters, with the layer, the value it read, and the
/// cotangent of its output.
pub(crate) type AtParameters<'a, D> =
    dyn FnMut(&Node, Slice<'_, D, f32>, Slice<'_, D, f32>) -> Result<(), CudaError> + 'a;

fn window(pooling: &Pooling) -> Result<PoolWindow, CudaError> {
    PoolWindow::new(pooling.size, pooling.stride, pooling.input)
}

impl Network {
    pub fn new(graph: &Graph) -> Result<Self, CudaError> {
        check_supported(graph)?;
        let (layers, output) = (graph.layers(), graph.output_value());
        let mut features = Vec::new();
        let mut end = 0;
        for (value, size) in graph.value_sizes().into_iter().enumerate() {
            let start = end;
            end += if value == 0 { 0 } else { size };
            features.push(start..end);
        }
        let readers = |value| layers.iter().flat_map(|l| &l.inputs).filter(|&&read| read == value).count();
        let mut rectified = vec![Rectified::No; features.len()];
        for layer in layers.iter().filter(|layer| layer.rectified) {
            let alone = layer.output != output && readers(layer.output) == 1;
            rectified[layer.output] = if alone { Rectified::ByItsReader } else { Rectified::ByItself };
        }
        let nodes = layers.into_iter().map(|layer| {
            let operation = match &layer.operation {
                LayerOperation::Conv2d { spec, input } => Operation::Conv2d(Conv2d::new(*spec, *input)?),
                LayerOperation::Dense { inputs, outputs } => Operation::Dense(Dense::new(*inputs, *outputs)?, *outputs),
                LayerOperation::Relu { features } => Operation::Relu(Relu { features: *features }),
                LayerOperation::AvgPool2d(pooling) => Operation::AvgPool2d(AvgPool2d(window(pooling)?)),
                LayerOperation::MaxPool2d(pooling) => Operation::MaxPool2d(MaxPool2d(window(pooling)?)),
                LayerOperation::Add { features } => Operation::Add(Add { features: *features }),
                other => return Err(CudaError::Unsupported { operations: vec![other.name().to_owned()] }),
            };
            let takes_gates = match &operation {
                // A separate rectifier gates by its output, and its kernel has no parameter for a gate of its input.
                Operation::Relu(_) => false,
                Operation::Conv2d(_)
                | Operation::Dense(..)
                | Operation::AvgPool2d(_)
                | Operation::MaxPool2d(_)
                | Operation::Add(_) => true,
            };
            let gates = layer.inputs.iter().map(|&i| takes_gates && rectified[i] == Rectified::ByItsReader).collect();
            Ok(Node { layer, operation, gates })
        });
        let nodes = nodes.collect::<Result<Vec<Node>, CudaError>>()?;
        for node in &nodes {
            for (&input, gates) in node.layer.inputs.iter().zip(&node.gates) {
                if rectified[input] == Rectified::ByItsReader && !gates {
                    rectified[input] = Rectified::ByItself;
                }
            }
        }
        let (inputs, params) = (graph.features(), graph.parameter_count());
        Ok(Self { nodes, features, rectified, output, inputs, params })
    }

    /// The size of an arena for this many columns.
    pub fn arena(&self, columns: usize) -> usize {
        self.features.last().map_or(0, |last| last.end) * columns
    }

    /// A value within an arena.
    pub fn value<'v, D: Device>(
        &self,
        arena: Slice<'v, D, f32>,
        value: usize,
        columns: usize,
    ) -> Result<Slice<'v, D, f32>, CudaError> {
        let Range { start, end } = self.features.get(value).cloned().unwrap_or(0..0);
        arena.part(start * columns..end * columns)
    }

    fn read<'v, D: Device>(&self, values: Values<'v, D>, value: usize) -> Result<Slice<'v, D, f32>, CudaError> {
        if value == 0 { Ok(values.input) } else { self.value(values.arena, value, values.images) }
    }

    /// The logits `[class][image]`.
    pub fn logits<'v, D: Device>(&self, values: Values<'v, D>) -> Result<Slice<'v, D, f32>, CudaError> {
        self.read(values, self.output)
    }

    /// Fills the arena.
    pub fn forward<D: Device>(
        &self,
        device: &D,
        params: Slice<'_, D, f32>,
        values: Values<'_, D>,
    ) -> Result<(), CudaError> {
        let images = values.images;
        for Node { layer, operation, .. } in &self.nodes {
            let x = self.read(values, layer.inputs[0])?;
            let y = self.read(values, layer.output)?;
            let params = params.part(layer.params.clone())?;
            match operation {
                Operation::Conv2d(conv) => conv.forward(device, images, x, params, y, layer.rectified)?,
                Operation::Dense(dense, _) => dense.forward(device, images, x, params, y, layer.rectified)?,
                Operation::Relu(relu) => relu.forward(device, images, x, y)?,
                Operation::AvgPool2d(pool) => pool.forward(device, images, x, y, layer.rectified)?,
                Operation::MaxPool2d(pool) => pool.forward(device, images, x, y)?,
                Operation::Add(add) => {
                    add.forward(device, images, x, self.read(values, layer.inputs[1])?, y, layer.rectified)?;
                }
            }
        }
        Ok(())
    }

    /// Propagates the cotangents of the logits, which are in the output's range of `cotangents`, back through the
    /// network. With an `input`, it also writes the cotangents of the input there, `[feature][column]`.
    #[expect(clippy::too_many_arguments, reason = "what it takes, each of another kind")]
    pub fn reverse<D: Device>(
        &self,
        device: &D,
        params: Slice<'_, D, f32>,
        values: Values<'_, D>,
        columns: Columns,
        cotangents: Slice<'_, D, f32>,
        input: Option<Slice<'_, D, f32>>,
        at_parameters: &mut AtParameters<'_, D>,
    ) -> Result<(), CudaError> {
        let count = columns.count();
        let reach = if input.is_some() { Reach::Input } else { Reach::Parameters };
        for node in self.nodes.iter().rev() {
            let layer = &node.layer;
            let dy = self.value(cotangents, layer.output, count)?;
            let y = self.read(values, layer.output)?;
            if self.rectified[layer.output] == Rectified::ByItself {
                let relu = Relu { features: self.features[layer.output].len() };
                relu.gate(device, columns, y, dy, dy, Write::Store)?;
            }
            let x = self.read(values, layer.inputs[0])?;
            if !layer.params.is_empty() {
                at_parameters(node, x, dy)?;
            }
            let params = params.part(layer.params.clone())?;
            for (which, &from) in layer.inputs.iter().enumerate() {
                if reach == Reach::Parameters && !layer.upstream[which] {
                    continue;
                }
                let dx = match (from, input) {
                    (0, Some(input)) => input,
                    (0, None) => continue,
                    _ => self.value(cotangents, from, count)?,
                };
                let write = if layer.adds[which] { Write::Add } else { Write::Store };
                let gate = if node.gates[which] { Some(self.read(values, from)?) } else { None };
                match &node.operation {
                    Operation::Conv2d(conv) => conv.vjp_input(device, columns, params, dy, dx, write, gate)?,
                    Operation::Dense(dense, _) => dense.vjp_input(device, columns, params, dy, dx, write, gate)?,
                    Operation::Relu(relu) => relu.gate(device, columns, y, dy, dx, write)?,
                    Operation::AvgPool2d(pool) => pool.vjp(device, columns, dy, dx, write, gate)?,
                    Operation::MaxPool2d(pool) => pool.vjp(device, columns, x, y, dy, dx, write, gate.is_some())?,
                    Operation::Add(add) => add.vjp(device, columns, dy, dx, write, gate)?,
                }
            }
        }
        Ok(())
    }

    /// Computes the tangents of all values except the input, in `tangents`, from the tangents of the parameters and of
    /// the input.
    pub fn tangent<D: Device>(
        &self,
        device: &D,
        params: Slice<'_, D, f32>,
        values: Values<'_, D>,
        dparams: Slice<'_, D, f32>,
        tangents: Values<'_, D>,
    ) -> Result<(), CudaError> {
        let columns = Columns::of_images(values.images);
        for Node { layer, operation, .. } in &self.nodes {
            let (x, y) = (self.read(values, layer.inputs[0])?, self.read(values, layer.output)?);
            let (dx, dy) = (self.read(tangents, layer.inputs[0])?, self.read(tangents, layer.output)?);
            let (params, dparams) = (params.part(layer.params.clone())?, dparams.part(layer.params.clone())?);
            let both = Tangents { input: Some(dx), params: Some((dparams, 0)) };
            let gate = layer.rectified.then_some(y);
            match operation {
                Operation::Conv2d(conv) => conv.jvp(device, columns, x, params, &both, dy, gate)?,
                Operation::Dense(dense, _) => dense.jvp(device, columns, x, params, &both, dy, gate)?,
                Operation::Relu(relu) => relu.gate(device, columns, y, dx, dy, Write::Store)?,
                Operation::AvgPool2d(pool) => pool.jvp(device, columns, dx, dy, gate)?,
                Operation::MaxPool2d(pool) => pool.jvp(device, columns, x, y, dx, dy)?,
                Operation::Add(add) => {
                    add.jvp(device, columns, dx, self.read(tangents, layer.inputs[1])?, dy, gate)?;
                }
            }
        }
        Ok(())
    }

    /// `Jᵀ w` summed over the images, for cotangents of the logits in the output's range of `cotangents`.
    pub fn vjp<D: Device>(
        &self,
        device: &D,
        pool: &Arc<Pool<D>>,
        params: Slice<'_, D, f32>,
        values: Values<'_, D>,
        cotangents: Slice<'_, D, f32>,
        gradient: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        let images = values.images;
        let mut sum = |node: &Node, x: Slice<'_, D, f32>, dy: Slice<'_, D, f32>| {
            let gradient = gradient.part(node.layer.params.clone())?;
            match &node.operation {
                Operation::Conv2d(conv) => {
                    let workspace = Loan::take(device, pool, conv.workspace())?;
                    conv.vjp_params(device, images, x, dy, gradient, workspace.all())
                }
                Operation::Dense(dense, _) => dense.vjp_params(device, images, x, dy, gradient),
                Operation::Relu(_) | Operation::AvgPool2d(_) | Operation::MaxPool2d(_) | Operation::Add(_) => Ok(()),
            }
        };
        self.reverse(device, params, values, Columns::of_images(images), cotangents, None, &mut sum)
    }
}
