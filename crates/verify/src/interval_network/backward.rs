//! Linear lower bounds of rows, from the outputs back to the input, as values of a graph.

use super::body::{Builder, refused};
use super::error::IntervalNetworkError;
use super::relu_lines::{ReluLines, dot, least, through};
use super::transposed::{Axis, framed, mirrored, transposed, zeros};
use crate::program::border;
use minima_autodiff::{
    Activation, AutodiffError, Conv2dSpec, DenseSpec, Graph, Initializer, Layer, LayerOperation, Padding, PoolSpec,
    Pooling, Rearrangement, Value,
};
use std::collections::HashMap;
use std::ops::Range;

/// Rows of coefficients `(rows, size)` of some values. Each row's target is at least the sum of all coefficients times their values, and
/// of the constants.
pub(super) struct Backward {
    rows: usize,
    coefficients: HashMap<usize, Value>,
    /// Values `(rows)`.
    constants: Vec<Value>,
}

impl Backward {
    /// These coefficients of one value.
    pub(super) fn new(value: usize, coefficients: Value, rows: usize) -> Self {
        Self { rows, coefficients: HashMap::from([(value, coefficients)]), constants: Vec::new() }
    }

    /// The lower bound of each row, from the ends of all values that have coefficients.
    pub(super) fn bound(&self, builder: &mut Builder, sizes: &[usize]) -> Result<Value, AutodiffError> {
        let mut terms = self.constants.clone();
        let mut values: Vec<(&usize, &Value)> = self.coefficients.iter().collect();
        values.sort_by_key(|(value, _)| **value);
        for (&value, &coefficients) in values {
            let ends = builder.ends(value, sizes.get(value).copied().unwrap_or(0))?;
            terms.push(least(&mut builder.g, coefficients, ends)?);
        }
        let mut terms = terms.into_iter();
        match terms.next() {
            Some(first) => terms.try_fold(first, |sum, term| builder.g.add(sum, term)),
            None => zeros(&mut builder.g, &[self.rows]),
        }
    }

    /// Replaces a layer's output by the values that the layer reads.
    pub(super) fn step(
        &mut self,
        builder: &mut Builder,
        graph: &Graph,
        layer: &Layer,
        number: usize,
    ) -> Result<(), IntervalNetworkError> {
        let Some(mut rows) = self.coefficients.remove(&layer.output) else { return Ok(()) };
        let size = graph.value_sizes().get(layer.output).copied().unwrap_or(0);
        if let Some(ends) = builder.unrectified_ends(number, size)? {
            let lines = ReluLines::new(&mut builder.g, ends, 0.0)?;
            rows = self.relu(builder, rows, &lines)?;
        }
        let shapes = graph.value_shapes();
        let shape = shapes.get(layer.output).map_or(&[][..], Vec::as_slice);
        if !self.operation(builder, layer, number, shape, rows)? {
            return Err(refused(graph, layer, number).into());
        }
        Ok(())
    }

    fn relu(&mut self, builder: &mut Builder, rows: Value, lines: &ReluLines) -> Result<Value, AutodiffError> {
        let (rows, constant) = through(&mut builder.g, rows, lines)?;
        self.constants.push(constant);
        Ok(rows)
    }

    /// Adds coefficients of a value, in any shape.
    fn add(&mut self, builder: &mut Builder, value: usize, rows: Value) -> Result<(), AutodiffError> {
        let size = builder.g.shape(rows).iter().product::<usize>() / self.rows.max(1);
        let mut rows = builder.g.reshape(rows, &[self.rows, size])?;
        if let Some(&before) = self.coefficients.get(&value) {
            rows = builder.g.add(before, rows)?;
        }
        self.coefficients.insert(value, rows);
        Ok(())
    }

    /// The rows in this shape, after the axis of rows.
    fn shaped(&self, builder: &mut Builder, rows: Value, shape: &[usize]) -> Result<Value, AutodiffError> {
        builder.g.reshape(rows, &[&[self.rows], shape].concat())
    }

    /// The step over an operation. Returns false if it has no rule.
    fn operation(
        &mut self,
        builder: &mut Builder,
        layer: &Layer,
        number: usize,
        shape: &[usize],
        rows: Value,
    ) -> Result<bool, AutodiffError> {
        let input = |k: usize| layer.inputs.get(k).copied().unwrap_or(usize::MAX);
        let size = shape.iter().product();
        let (to, rows) = match &layer.operation {
            LayerOperation::Conv2d { spec, input: map } => {
                let x = self.shaped(builder, rows, shape)?;
                let biases = if spec.bias { spec.features } else { 0 };
                self.biases(builder, number, x, layer.params.start..layer.params.start + biases)?;
                let kernel = layer.params.start + biases..layer.params.end;
                builder.weights.reordered(kernel, mirrored(spec.kernel, map[2], spec.features, spec.groups));
                let back =
                    Conv2dSpec { features: map[2], stride: [1, 1], padding: Padding::Valid, bias: false, ..*spec };
                let name = format!("{number} back");
                (input(0), transposed(&mut builder.g, x, axes(spec, *map), |g, x| g.conv2d(x, &name, back))?)
            }
            &LayerOperation::Dense { inputs, outputs } => {
                (input(0), self.dense(builder, number, rows, &layer.params, [1, inputs, outputs])?)
            }
            &LayerOperation::TokenwiseDense { places, inputs, outputs } => {
                (input(0), self.dense(builder, number, rows, &layer.params, [places, inputs, outputs])?)
            }
            LayerOperation::Embedding => {
                let value = builder.g.embedding(&format!("{number} back"), &[size], Initializer::Zeros)?;
                builder.weights.copy(layer.params.clone());
                self.constants.push(dot(&mut builder.g, rows, value)?);
                return Ok(true);
            }
            LayerOperation::Constant(numbers) => {
                let value = builder.g.constant(&[size], numbers)?;
                self.constants.push(dot(&mut builder.g, rows, value)?);
                return Ok(true);
            }
            LayerOperation::Relu { .. } => {
                let ends = builder.ends(input(0), size)?;
                let lines = ReluLines::new(&mut builder.g, ends, 0.0)?;
                (input(0), self.relu(builder, rows, &lines)?)
            }
            &LayerOperation::Activation { function: Activation::LeakyRelu { slope }, .. }
                if (0.0..=1.0).contains(&slope) =>
            {
                let ends = builder.ends(input(0), size)?;
                let lines = ReluLines::new(&mut builder.g, ends, slope)?;
                (input(0), self.relu(builder, rows, &lines)?)
            }
            LayerOperation::AvgPool2d(pool) => (input(0), self.means(builder, rows, pool, shape)?),
            LayerOperation::MaxPool2d(pool) => {
                // Constant lines: the ends of the maximum.
                let ends = builder.ends(input(0), pool.input.iter().product())?;
                let spec = super::body::spec(pool);
                let g = &mut builder.g;
                let [low, high] = ends.map(|end| {
                    let map = g.reshape(end, &pool.input)?;
                    let most = g.max_pool2d_padded(map, spec)?;
                    g.reshape(most, &[size])
                });
                self.constants.push(least(g, rows, [low?, high?])?);
                return Ok(true);
            }
            LayerOperation::Add { .. } => {
                for &value in &layer.inputs {
                    self.add(builder, value, rows)?;
                }
                return Ok(true);
            }
            LayerOperation::Concat { outer, runs } => {
                let x = self.shaped(builder, rows, &[*outer, runs.iter().sum()])?;
                let mut start = 0;
                for (&value, &run) in layer.inputs.iter().zip(runs) {
                    let part = builder.g.slice(x, 2, start..start + run)?;
                    self.add(builder, value, part)?;
                    start += run;
                }
                return Ok(true);
            }
            LayerOperation::Reduce { shape, axes, mean } => {
                let kept: Vec<usize> =
                    (0..shape.len()).map(|axis| if axes.contains(&axis) { 1 } else { shape[axis] }).collect();
                let mut x = self.shaped(builder, rows, &kept)?;
                for &axis in axes {
                    x = builder.g.concat(&vec![x; shape[axis]], axis + 1)?;
                }
                let count: usize = axes.iter().map(|&axis| shape[axis]).product();
                (input(0), if *mean { scaled(builder, x, 1.0 / count as f64)? } else { x })
            }
            LayerOperation::Rearrange(Rearrangement::Transpose { shape, axes }) => {
                let sizes: Vec<usize> = axes.iter().map(|&axis| shape[axis]).collect();
                let x = self.shaped(builder, rows, &sizes)?;
                let place = |axis| axes.iter().position(|&from| from == axis).map_or(0, |place| place + 1);
                let back: Vec<usize> = std::iter::once(0).chain((0..shape.len()).map(place)).collect();
                (input(0), builder.g.transpose(x, &back)?)
            }
            LayerOperation::Rearrange(Rearrangement::Slice { shape, axis, range }) => {
                let mut sizes = shape.clone();
                sizes[*axis] = range.len();
                let x = self.shaped(builder, rows, &sizes)?;
                (input(0), framed(&mut builder.g, x, axis + 1, range.start as isize, shape[*axis])?)
            }
            LayerOperation::ChannelAffine { scale, shift, features } => {
                let channels = scale.len().max(1);
                let x = self.shaped(builder, rows, &[features / channels, channels])?;
                let sums = builder.g.sum(x, &[1])?;
                let constant = builder.g.constant(&[channels], shift)?;
                self.constants.push(dot(&mut builder.g, sums, constant)?);
                (input(0), builder.g.affine(x, scale, &vec![0.0; channels])?)
            }
            _ => return Ok(false),
        };
        self.add(builder, to, rows)?;
        Ok(true)
    }

    /// The constants of biases that are added to the last axis.
    fn biases(
        &mut self,
        builder: &mut Builder,
        number: usize,
        rows: Value,
        biases: Range<usize>,
    ) -> Result<(), AutodiffError> {
        if biases.is_empty() {
            return Ok(());
        }
        let size: usize = builder.g.shape(rows).iter().product();
        let places = size / (self.rows * biases.len()).max(1);
        let rows = builder.g.reshape(rows, &[self.rows, places, biases.len()])?;
        let sums = builder.g.sum(rows, &[1])?;
        let value = builder.g.embedding(&format!("{number} biases"), &[biases.len()], Initializer::Zeros)?;
        builder.weights.copy(biases);
        self.constants.push(dot(&mut builder.g, sums, value)?);
        Ok(())
    }

    fn dense(
        &mut self,
        builder: &mut Builder,
        number: usize,
        rows: Value,
        params: &Range<usize>,
        [places, inputs, outputs]: [usize; 3],
    ) -> Result<Value, AutodiffError> {
        let biases = params.len().saturating_sub(inputs * outputs);
        let x = self.shaped(builder, rows, &[places, outputs])?;
        self.biases(builder, number, x, params.start..params.start + biases)?;
        let order = (0..outputs).flat_map(|o| (0..inputs).map(move |i| (i * outputs + o) as u32));
        builder.weights.reordered(params.start + biases..params.end, order.collect());
        let spec = DenseSpec { bias: false, ..DenseSpec::new(inputs) };
        builder.g.dense_on_last_axis(x, &format!("{number} back"), &spec)
    }

    /// The step over means of windows.
    fn means(
        &self,
        builder: &mut Builder,
        rows: Value,
        pool: &Pooling,
        shape: &[usize],
    ) -> Result<Value, AutodiffError> {
        let axes = [0, 1].map(|axis| Axis {
            input: pool.input[axis],
            kernel: pool.size[axis],
            stride: pool.stride[axis],
            dilation: 1,
            low: border(pool.padding, axis, pool.input[axis], pool.size[axis], pool.stride[axis]),
        });
        let mut x = self.shaped(builder, rows, shape)?;
        let area = (pool.size[0] * pool.size[1]) as f64;
        if !pool.count_padding {
            // A mean divides by the number of entries within the map.
            let within = |axis: &Axis, window: usize| {
                let first = window * axis.stride;
                let end = (first + axis.kernel).saturating_sub(axis.low).min(axis.input);
                end.saturating_sub(first.saturating_sub(axis.low)).max(1)
            };
            let &[height, width, channels] = shape else { return Ok(x) };
            let factor = |i: usize| {
                let place = i / channels.max(1) % (height * width);
                area / (within(&axes[0], place / width) * within(&axes[1], place % width)) as f64
            };
            let all: Vec<f64> = (0..self.rows * height * width * channels).map(factor).collect();
            let factors = builder.g.constant(&[self.rows, height, width, channels], &all)?;
            x = builder.g.multiply(x, factors)?;
        }
        let windows = PoolSpec::new(pool.size, [1, 1]);
        transposed(&mut builder.g, x, axes, |g, x| g.avg_pool2d_padded(x, windows))
    }
}

/// `factor · x`.
fn scaled(builder: &mut Builder, x: Value, factor: f64) -> Result<Value, AutodiffError> {
    let channels = builder.g.shape(x).last().copied().unwrap_or(0);
    builder.g.affine(x, &vec![factor; channels], &vec![0.0; channels])
}

fn axes(spec: &Conv2dSpec, map: [usize; 3]) -> [Axis; 2] {
    [0, 1].map(|axis| {
        let (kernel, stride, dilation) = (spec.kernel[axis], spec.stride[axis], spec.dilation[axis]);
        let reach = (kernel - 1) * dilation + 1;
        Axis { input: map[axis], kernel, stride, dilation, low: border(spec.padding, axis, map[axis], reach, stride) }
    })
}
