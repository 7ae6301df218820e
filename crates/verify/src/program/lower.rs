//! Reads a graph's layers as operations that have bounds.

use super::convolution::{Axis, Convolution};
use super::normalization::Sets;
use super::window::{Window, border};
use super::{Gather, Node, Operation, Product, Program};
use crate::VerifyError;
use crate::curve::Curve;
use crate::region::{Map, features};
use minima_autodiff::{Activation, Graph, Layer, LayerOperation, Rearrangement};
use std::collections::HashMap;

/// The operations that have bounds.
const EXPECTED: &str = "bounds are known for convolutions, dense layers, sums, constants, means, rearrangements, \
                        concatenations, max pooling, the activation functions, products, softmax and normalisations, with finite numbers";

/// The shape of a value as rows, columns and channels.
fn map(shape: &[usize]) -> Map {
    match *shape {
        [rows, columns, channels] => [rows, columns, channels],
        [places, features] => [1, places, features],
        _ => [1, 1, shape.iter().product()],
    }
}

/// Reads the layers of a graph.
fn lower(graph: &Graph, params: &[f32]) -> Result<Program, VerifyError> {
    let expected = graph.parameter_count();
    if params.len() != expected {
        return Err(VerifyError::Length { what: "parameters", found: params.len(), expected });
    }
    let shapes = graph.value_shapes();
    let input = map(graph.input_shape());
    let mut program = Program {
        values: vec![input],
        nodes: Vec::new(),
        readers: Vec::new(),
        exact_interval: Vec::new(),
        graph: graph.clone(),
        params: params.to_vec(),
    };
    // The value of each value of the graph.
    let mut numbers = HashMap::from([(0_usize, 0_usize)]);
    for (number, layer) in graph.layers().iter().enumerate() {
        let name = layer_name(graph, layer, number);
        let refused = || VerifyError::Operation {
            layer: name.clone(),
            operation: layer.operation.name().into(),
            expected: EXPECTED,
        };
        let numbers_of = params.get(layer.params.clone()).unwrap_or_default();
        if let Some((index, &found)) = numbers_of.iter().enumerate().find(|(_, x)| !x.is_finite()) {
            return Err(VerifyError::Parameter { layer: name, index, found: f64::from(found) });
        }
        let inputs: Option<Vec<usize>> = layer.inputs.iter().map(|value| numbers.get(value).copied()).collect();
        let inputs = inputs.ok_or_else(refused)?;
        let output = shapes.get(layer.output).map_or([1, 1, 0], |shape| map(shape));
        let (operation, mut inputs) = match normalisation(&mut program, layer, numbers_of, &inputs, output) {
            Some((scale, value)) => (scale, vec![value]),
            None => (operation(layer, numbers_of, output).ok_or_else(refused)?, inputs),
        };
        if let Operation::Curve(_) = operation {
            // The square of a value is a product that reads it twice.
            inputs.truncate(1);
        }
        if let Some(found) = constants(&operation).find(|x| !x.is_finite()) {
            return Err(VerifyError::Parameter { layer: name, index: 0, found: f64::from(found) });
        }
        // Regions of a convolution's output are regions of its value.
        let output = if let Operation::Convolution(conv) = &operation { conv.output } else { output };
        let mut value = program.push(operation, inputs, output);
        if layer.rectified {
            value = program.push(Operation::Relu { slope: 0.0 }, vec![value], output);
        }
        numbers.insert(layer.output, value);
    }
    program.finish();
    Ok(program)
}

impl Program {
    /// Reads a network with its parameters.
    ///
    /// # Errors
    /// Returns [`VerifyError::Operation`] if an operation has no sound bound, [`VerifyError::Parameter`] if a number is
    /// NaN or infinite, and [`VerifyError::Length`] if the number of parameters is not the network's.
    pub fn new(graph: &Graph, params: &[f32]) -> Result<Self, VerifyError> {
        lower(graph, params)
    }

    /// Marks what follows from all nodes.
    pub(super) fn finish(&mut self) {
        self.readers = vec![0; self.values.len()];
        for &value in self.nodes.iter().flat_map(|node| &node.inputs) {
            self.readers[value] += 1;
        }
        self.mark_exact();
        self.mark_tight();
    }

    pub(super) fn push(&mut self, operation: Operation, inputs: Vec<usize>, output: Map) -> usize {
        self.nodes.push(Node { operation, inputs, tight: Vec::new() });
        self.values.push(output);
        self.values.len() - 1
    }

    /// Marks the values with exact interval bounds: an affine map of numbers that move independently of each other.
    fn mark_exact(&mut self) {
        let mut independent = vec![true];
        let mut exact = vec![true];
        for node in &self.nodes {
            let from = |marks: &[bool]| node.inputs.iter().all(|&value| marks[value]);
            let single = node.inputs.len() == 1 && from(&independent);
            independent.push(match &node.operation {
                Operation::Scale { .. } | Operation::Relu { .. } | Operation::Curve(_) => single,
                Operation::Constant(_) => true,
                _ => false,
            });
            exact.push(match &node.operation {
                Operation::Convolution(_) | Operation::Mean { .. } | Operation::Scale { .. } => single,
                Operation::Relu { .. } | Operation::Curve(_) => single,
                Operation::Gather(gather) => single && gather.weight > 0.0,
                Operation::Constant(_) => true,
                Operation::Sum | Operation::Max { .. } | Operation::Product(_) | Operation::Softmax { .. } => false,
            });
        }
        self.exact_interval = exact;
    }

    /// Marks the inputs of smooth nodes whose ranges are worth a backward pass.
    fn mark_tight(&mut self) {
        let mut named = vec![false; self.values.len()];
        for number in 0..self.nodes.len() {
            let Node { operation, inputs, .. } = &self.nodes[number];
            if !operation.is_smooth() {
                continue;
            }
            let worth = |&value: &usize| {
                let Some(node) = value.checked_sub(1).map(|node| &self.nodes[node]) else { return false };
                // Copies of roots are as tight as the roots, and shares are tight anyway.
                let copied = matches!(&node.operation, Operation::Gather(gather) if gather.most_readers > 1);
                !copied && !matches!(node.operation, Operation::Softmax { .. })
            };
            let worth: Vec<usize> = inputs.iter().copied().filter(worth).collect();
            for value in worth {
                if !std::mem::replace(&mut named[value], true) {
                    self.nodes[number].tight.push(value);
                }
            }
        }
    }
}

/// A layer's name: the module of its parameters, or its operation.
pub(crate) fn layer_name(graph: &Graph, layer: &Layer, number: usize) -> String {
    let spec = graph.parameters().iter().find(|p| !layer.params.is_empty() && p.range.start == layer.params.start);
    match spec {
        Some(spec) if !spec.module.is_empty() => spec.module.clone(),
        _ => format!("{number} ({})", layer.operation.name()),
    }
}

/// The numbers of an operation that are no parameters.
fn constants(operation: &Operation) -> Box<dyn Iterator<Item = f32> + '_> {
    match operation {
        Operation::Scale { scale, shift } => Box::new(scale.iter().chain(shift).copied()),
        Operation::Constant(numbers) => Box::new(numbers.iter().copied()),
        _ => Box::new(std::iter::empty()),
    }
}

fn single(numbers: &[f64]) -> Vec<f32> {
    numbers.iter().map(|&x| x as f32).collect()
}

/// The operation of a layer, or `None` if it has no bounds.
fn operation(layer: &Layer, params: &[f32], output: Map) -> Option<Operation> {
    Some(match &layer.operation {
        LayerOperation::Conv2d { spec, input } => {
            let axes = std::array::from_fn(|axis| {
                let (kernel, stride, dilation) = (spec.kernel[axis], spec.stride[axis], spec.dilation[axis]);
                let low = border(spec.padding, axis, input[axis], (kernel - 1) * dilation + 1, stride);
                Axis { kernel, stride, dilation, low, input: input[axis] }
            });
            let (bias, weights) = params.split_at_checked(if spec.bias { spec.features } else { 0 })?;
            Operation::Convolution(Convolution::new(
                axes,
                spec.groups,
                *input,
                output,
                weights,
                spec.bias.then_some(bias),
            ))
        }
        &LayerOperation::Dense { inputs, outputs } => dense([1, 1], inputs, outputs, params)?,
        &LayerOperation::TokenwiseDense { places, inputs, outputs } => {
            // A value of four axes or more is kept as one row.
            let [rows, columns, _] = output;
            let kept = rows * columns == places;
            dense(if kept { [rows, columns] } else { [1, places] }, inputs, outputs, params)?
        }
        LayerOperation::Embedding => Operation::Constant(params.to_vec()),
        LayerOperation::Relu { .. } => Operation::Relu { slope: 0.0 },
        LayerOperation::AvgPool2d(pool) => {
            let window = Window::new(pool, output);
            let share = (0..output[0] * output[1]).map(|place| {
                let [rows, columns] = window.covered(place / output[1], place % output[1]);
                let counted = rows.len() * columns.len();
                let area = if pool.count_padding { pool.size[0] * pool.size[1] } else { counted };
                1.0 / area as f32
            });
            let share = share.collect();
            Operation::Mean { window, share }
        }
        LayerOperation::MaxPool2d(pool) => Operation::Max { window: Window::new(pool, output) },
        LayerOperation::Add { .. } => Operation::Sum,
        LayerOperation::Reduce { shape, axes, mean } => Operation::Gather(reduce(shape, axes, *mean)),
        LayerOperation::Rearrange(order) => Operation::Gather(rearrange(order)),
        LayerOperation::Concat { outer, runs } => Operation::Gather(concat(*outer, runs)),
        &LayerOperation::Activation { function: Activation::LeakyRelu { slope }, .. } => {
            let slope = slope as f32;
            if (0.0..=1.0).contains(&slope) {
                Operation::Relu { slope }
            } else {
                Operation::Curve(Curve::of_activation(Activation::LeakyRelu { slope: f64::from(slope) })?)
            }
        }
        &LayerOperation::Activation { function, .. } => Operation::Curve(Curve::of_activation(function)?),
        LayerOperation::Multiply { .. } => match layer.inputs[..] {
            [a, b] if a == b => Operation::Curve(Curve::Square),
            [_, _] => Operation::Product(Product::of_numbers(features(output))),
            _ => return None,
        },
        &LayerOperation::Matmul { batch, rows, inner, columns, scale } => {
            let scale = scale as f32;
            // The inverse of the factor must be finite too.
            (scale.is_normal() && layer.inputs.len() == 2).then_some(())?;
            Operation::Product(Product { batch, rows, inner, columns, scale, limit: None })
        }
        &LayerOperation::Softmax { shape } => Operation::Softmax { shape },
        LayerOperation::ChannelAffine { scale, shift, .. } => channel_scale(single(scale), single(shift), output),
        LayerOperation::Constant(numbers) => Operation::Constant(single(numbers)),
        _ => return None,
    })
}

/// The factor and the shift of each channel.
fn channel_scale(scale: Vec<f32>, shift: Vec<f32>, output: Map) -> Operation {
    // The channels are the last axis, which a value of four axes or more does not keep.
    let channels = scale.len().max(1);
    let places = features(output) / channels;
    if output[2] == channels {
        Operation::Scale { scale, shift }
    } else {
        Operation::Scale { scale: scale.repeat(places), shift: shift.repeat(places) }
    }
}

/// Adds the steps of a normalisation but the last one. Returns the last one, and the value that it reads. `None` for other layers.
fn normalisation(
    program: &mut Program,
    layer: &Layer,
    params: &[f32],
    inputs: &[usize],
    output: Map,
) -> Option<(Operation, usize)> {
    let &LayerOperation::Normalization { layout, centred, epsilon, shift, scale } = &layer.operation else {
        return None;
    };
    let (&value, channels) = (inputs.first()?, layout[2] * layout[3]);
    let epsilon = epsilon as f32;
    let sizes = layout.iter().product::<usize>() == features(output) && !layout.contains(&0);
    if !(sizes && epsilon > 0.0 && epsilon.is_finite()) {
        return None;
    }
    let (shifts, scales) = params.split_at_checked(if shift { channels } else { 0 })?;
    let shifts = if shift { shifts.to_vec() } else { vec![0.0; channels] };
    let scales = if scale { scales.to_vec() } else { vec![1.0; channels] };
    if scales.len() != channels {
        return None;
    }
    let value = Sets { layout, centred, epsilon }.push(program, value, output);
    Some((channel_scale(scales, shifts, output), value))
}

/// A dense layer as a convolution of rows and columns of places with a kernel of one place.
fn dense([rows, columns]: [usize; 2], inputs: usize, outputs: usize, params: &[f32]) -> Option<Operation> {
    let axis = |input| Axis { kernel: 1, stride: 1, dilation: 1, low: 0, input };
    let biases = params.len().checked_sub(inputs * outputs)?;
    let (bias, weights) = params.split_at_checked(biases)?;
    let bias = (biases == outputs).then_some(bias);
    let (input, output) = ([rows, columns, inputs], [rows, columns, outputs]);
    Some(Operation::Convolution(Convolution::new([axis(rows), axis(columns)], 1, input, output, weights, bias)))
}

/// Sums over axes.
fn reduce(shape: &[usize], axes: &[usize], mean: bool) -> Gather {
    let mut steps = vec![0; shape.len()];
    let mut outputs = 1;
    for (axis, size) in shape.iter().enumerate().rev().filter(|(axis, _)| !axes.contains(axis)) {
        steps[axis] = outputs;
        outputs *= size;
    }
    let mut lists = vec![Vec::new(); outputs];
    for flat in 0..shape.iter().product() {
        let (mut rest, mut target) = (flat, 0);
        for (size, step) in shape.iter().zip(&steps).rev() {
            target += rest % size * step;
            rest /= size;
        }
        lists[target].push((0, flat as u32));
    }
    let terms = lists.first().map_or(1, Vec::len);
    Gather::new(&lists, if mean { 1.0 / terms as f32 } else { 1.0 })
}

/// Entries in another order.
fn rearrange(order: &Rearrangement) -> Gather {
    let (shape, sizes) = match order {
        Rearrangement::Transpose { shape, axes } => (shape, axes.iter().map(|&axis| shape[axis]).collect::<Vec<_>>()),
        Rearrangement::Slice { shape, axis, range } => {
            let mut sizes = shape.clone();
            sizes[*axis] = range.len();
            (shape, sizes)
        }
    };
    let lists: Vec<_> = (0..sizes.iter().product::<usize>())
        .map(|flat| {
            let mut index = vec![0; sizes.len()];
            let mut rest = flat;
            for (i, size) in index.iter_mut().zip(&sizes).rev() {
                *i = rest % size;
                rest /= size;
            }
            let mut source = index.clone();
            match order {
                Rearrangement::Transpose { axes, .. } => {
                    axes.iter().zip(&index).for_each(|(&axis, &i)| source[axis] = i);
                }
                Rearrangement::Slice { axis, range, .. } => source[*axis] += range.start,
            }
            let from = source.iter().zip(shape).fold(0, |flat, (i, size)| flat * size + i);
            vec![(0, from as u32)]
        })
        .collect();
    Gather::new(&lists, 1.0)
}

/// Values side by side.
fn concat(outer: usize, runs: &[usize]) -> Gather {
    let places = (0..outer).flat_map(|place| runs.iter().enumerate().map(move |(input, &run)| (place, input, run)));
    let lists: Vec<_> = places
        .flat_map(|(place, input, run)| (0..run).map(move |k| vec![(input as u32, (place * run + k) as u32)]))
        .collect();
    Gather::new(&lists, 1.0)
}
