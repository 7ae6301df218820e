//! A network's passes on a device: forward, tangent, and reverse for several cotangents of each image at once.

use super::operation::{At, Moving, Operation};
use super::space::Space;
use super::supported::check_supported;
use crate::device::Device;
use crate::ops::Relu;
use crate::slice::Slice;
use crate::{Columns, CudaError, Write};
use minima_autodiff::{Graph, Layer};
use std::ops::Range;

/// A layer with its launchers.
pub(crate) struct Node<D: Device> {
    pub layer: Layer,
    pub operation: Operation<D>,
    /// For each input: whether this layer gates the cotangent as it writes it, because the input is rectified and
    /// nothing else is added to the cotangent.
    gates: Vec<bool>,
    /// The features of its statistics in an arena of values.
    statistics: Range<usize>,
}

/// A network's layers, and the range of each value in an arena `[value and feature][column]`.
pub(crate) struct Network<D: Device> {
    pub nodes: Vec<Node<D>>,
    /// The features of each value, one value after another. The input, value 0, is not in the arena.
    features: Vec<Range<usize>>,
    /// The features of all values, and with the statistics of all layers.
    ends: [usize; 2],
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
    /// Several layers add to the cotangent, or its reader takes no gate, so it is gated after all of them.
    ByItself,
}

/// A batch's values.
pub(crate) struct Values<'v, D: Device> {
    pub images: usize,
    /// The input, `[feature][image]`.
    pub input: Slice<'v, D, f32>,
    /// The other values, and the statistics of layers.
    pub arena: Slice<'v, D, f32>,
}

impl<D: Device> Clone for Values<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D: Device> Copy for Values<'_, D> {}

/// The tangents of the values along a direction.
pub(crate) struct Along<'v, D: Device> {
    /// The tangents of the parameters.
    pub params: Option<Slice<'v, D, f32>>,
    /// The tangents of the input.
    pub input: Option<Slice<'v, D, f32>>,
    /// The tangents of the other values.
    pub arena: Slice<'v, D, f32>,
}

/// The callback of a reverse pass, called at each layer with parameters, with the point and the cotangent of its output.
pub(crate) type AtParameters<'a, D> = dyn FnMut(&Node<D>, &At<'_, D>, Slice<'_, D, f32>) -> Result<(), CudaError> + 'a;

impl<D: Device> Network<D> {
    pub fn new(device: &D, graph: &Graph) -> Result<Self, CudaError> {
        check_supported(graph)?;
        let (layers, output) = (graph.layers(), graph.output_value());
        let mut features = Vec::new();
        let mut end = 0;
        for (value, size) in graph.value_sizes().into_iter().enumerate() {
            let start = end;
            end += if value == 0 { 0 } else { size };
            features.push(start..end);
        }
        let end_of_values = end;
        let readers = |value| layers.iter().flat_map(|l| &l.inputs).filter(|&&read| read == value).count();
        let mut rectified = vec![Rectified::No; features.len()];
        for layer in layers.iter().filter(|layer| layer.rectified) {
            let alone = layer.output != output && readers(layer.output) == 1;
            rectified[layer.output] = if alone { Rectified::ByItsReader } else { Rectified::ByItself };
        }
        let nodes = layers.into_iter().map(|layer| {
            let operation = Operation::new(device, &layer, features[layer.output].len())?;
            let takes = operation.takes_gates();
            let gates = layer.inputs.iter().map(|&i| takes && rectified[i] == Rectified::ByItsReader).collect();
            let start = end;
            end += operation.statistics_of_image();
            Ok(Node { layer, operation, gates, statistics: start..end })
        });
        let nodes = nodes.collect::<Result<Vec<Node<D>>, CudaError>>()?;
        for node in &nodes {
            for (&input, gates) in node.layer.inputs.iter().zip(&node.gates) {
                if rectified[input] == Rectified::ByItsReader && !gates {
                    rectified[input] = Rectified::ByItself;
                }
            }
        }
        let (inputs, params) = (graph.features(), graph.parameter_count());
        Ok(Self { nodes, features, ends: [end_of_values, end], rectified, output, inputs, params })
    }

    /// The size of an arena of values, for this many images.
    pub fn values(&self, images: usize) -> usize {
        self.ends[1] * images
    }

    /// The size of an arena of tangents or cotangents, for this many columns.
    pub fn arena(&self, columns: usize) -> usize {
        self.ends[0] * columns
    }

    /// A value within an arena.
    pub fn value<'v>(
        &self,
        arena: Slice<'v, D, f32>,
        value: usize,
        columns: usize,
    ) -> Result<Slice<'v, D, f32>, CudaError> {
        let Range { start, end } = self.features.get(value).cloned().unwrap_or(0..0);
        arena.part(start * columns..end * columns)
    }

    pub(super) fn read<'v>(&self, values: Values<'v, D>, value: usize) -> Result<Slice<'v, D, f32>, CudaError> {
        if value == 0 { Ok(values.input) } else { self.value(values.arena, value, values.images) }
    }

    /// The values that a layer reads.
    pub(super) fn inputs<'v>(
        &self,
        node: &Node<D>,
        values: Values<'v, D>,
    ) -> Result<Vec<Slice<'v, D, f32>>, CudaError> {
        node.layer.inputs.iter().map(|&input| self.read(values, input)).collect()
    }

    /// The point at which a layer is computed.
    pub(super) fn at<'v>(
        &self,
        node: &Node<D>,
        params: Slice<'v, D, f32>,
        values: Values<'v, D>,
        x: &'v [Slice<'v, D, f32>],
    ) -> Result<At<'v, D>, CudaError> {
        let Range { start, end } = node.statistics;
        let (images, y) = (values.images, self.read(values, node.layer.output)?);
        let statistics = values.arena.part(start * images..end * images)?;
        Ok(At { images, x, y, params: params.part(node.layer.params.clone())?, statistics })
    }

    /// The logits `[class][image]`.
    pub fn logits<'v>(&self, values: Values<'v, D>) -> Result<Slice<'v, D, f32>, CudaError> {
        self.read(values, self.output)
    }

    /// Fills the arena.
    pub fn forward(
        &self,
        space: Space<'_, D>,
        params: Slice<'_, D, f32>,
        values: Values<'_, D>,
    ) -> Result<(), CudaError> {
        for node in &self.nodes {
            let x = self.inputs(node, values)?;
            node.operation.forward(space, &self.at(node, params, values, &x)?, node.layer.rectified)?;
        }
        Ok(())
    }

    /// Propagates the cotangents of the logits, which are in the output's range of `cotangents`, back through the
    /// network. With an `input`, it also writes the cotangents of the input there, `[feature][column]`.
    #[expect(clippy::too_many_arguments, reason = "what it takes, each of another kind")]
    pub fn reverse(
        &self,
        space: Space<'_, D>,
        params: Slice<'_, D, f32>,
        values: Values<'_, D>,
        columns: Columns,
        cotangents: Slice<'_, D, f32>,
        input: Option<Slice<'_, D, f32>>,
        at_parameters: &mut AtParameters<'_, D>,
    ) -> Result<(), CudaError> {
        let count = columns.count();
        for node in self.nodes.iter().rev() {
            let layer = &node.layer;
            let dy = self.value(cotangents, layer.output, count)?;
            let x = self.inputs(node, values)?;
            let at = self.at(node, params, values, &x)?;
            if self.rectified[layer.output] == Rectified::ByItself {
                let relu = Relu { features: self.features[layer.output].len() };
                relu.gate(space.device, columns, at.y, dy, dy, Write::Store)?;
            }
            if !layer.params.is_empty() {
                at_parameters(node, &at, dy)?;
            }
            for (which, &from) in layer.inputs.iter().enumerate() {
                if input.is_none() && !layer.upstream[which] {
                    continue;
                }
                let dx = match (from, input) {
                    (0, Some(input)) => input,
                    (0, None) => continue,
                    _ => self.value(cotangents, from, count)?,
                };
                let write = if layer.adds[which] { Write::Add } else { Write::Store };
                node.operation.vjp_input(space, columns, &at, which, dy, dx, write, node.gates[which])?;
            }
        }
        Ok(())
    }

    /// Computes the tangents of all values from the tangents of the parameters and of the input. Returns which values have
    /// one; the others are zero and are not written, except the output's.
    pub fn tangent(
        &self,
        space: Space<'_, D>,
        params: Slice<'_, D, f32>,
        values: Values<'_, D>,
        along: &Along<'_, D>,
    ) -> Result<Vec<bool>, CudaError> {
        let mut present = vec![false; self.features.len()];
        present[0] = along.input.is_some();
        for node in &self.nodes {
            let layer = &node.layer;
            let x = self.inputs(node, values)?;
            let at = self.at(node, params, values, &x)?;
            let dx = self.tangents(node, along, &present, values.images)?;
            let dparams = self.moving_params(node, along)?;
            let moves = dparams.is_some() || dx.iter().any(Option::is_some);
            present[layer.output] = moves;
            if moves || layer.output == self.output {
                let dy = self.value(along.arena, layer.output, values.images)?;
                node.operation.jvp(space, &at, &Moving { x: &dx, params: dparams }, dy, layer.rectified)?;
            }
        }
        Ok(present)
    }

    /// The tangents of the values that a layer reads.
    pub(super) fn tangents<'v>(
        &self,
        node: &Node<D>,
        along: &Along<'v, D>,
        present: &[bool],
        images: usize,
    ) -> Result<Vec<Option<Slice<'v, D, f32>>>, CudaError> {
        let tangent = |&input: &usize| match input {
            _ if !present[input] => Ok(None),
            0 => Ok(along.input),
            _ => self.value(along.arena, input, images).map(Some),
        };
        node.layer.inputs.iter().map(tangent).collect()
    }

    /// `Jᵀ w` summed over the images, for cotangents of the logits in the output's range of `cotangents`.
    pub fn vjp(
        &self,
        space: Space<'_, D>,
        params: Slice<'_, D, f32>,
        values: Values<'_, D>,
        cotangents: Slice<'_, D, f32>,
        gradient: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        let mut sum = |node: &Node<D>, at: &At<'_, D>, dy: Slice<'_, D, f32>| {
            node.operation.vjp_params(space, at, dy, gradient.part(node.layer.params.clone())?)
        };
        let columns = Columns::of_images(values.images);
        self.reverse(space, params, values, columns, cotangents, None, &mut sum)
    }
}
