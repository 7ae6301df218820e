//! Builds the network of intervals, layer by layer.

use super::error::IntervalNetworkError;
use super::interval::{Form, Interval};
use super::weights::Weights;
use crate::VerifyError;
use crate::program::lower::layer_name;
use minima_autodiff::{
    Activation, AutodiffError, Conv2dSpec, DenseSpec, Graph, GraphBuilder, Initializer, Layer, LayerOperation,
    PoolSpec, Pooling, Rearrangement, Value,
};
use std::collections::HashMap;
use std::ops::Range;

/// The operations that have interval rules.
const EXPECTED: &str = "bounds are known for convolutions, dense layers, sums, constants, means, rearrangements, \
                        concatenations, ReLU, leaky ReLU with slopes from 0 to 1, and max pooling";

/// The network from the centres and radii of inputs `(2, features)` to the centres and radii of one value
/// `(2 · features)`.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub(super) graph: Graph,
    pub(super) weights: Weights,
    /// The factor from the outputs to centres and radii.
    pub(super) scale: f64,
}

/// A body under construction, with the intervals of the network's values so far.
pub(super) struct Builder {
    pub(super) g: GraphBuilder,
    pub(super) weights: Weights,
    intervals: HashMap<usize, Interval>,
    /// For each rectified layer, the interval before its ReLU.
    unrectified: HashMap<usize, Interval>,
}

/// The error of a layer without a rule.
pub(super) fn refused(graph: &Graph, layer: &Layer, number: usize) -> VerifyError {
    VerifyError::Operation {
        layer: layer_name(graph, layer, number),
        operation: layer.operation.name().into(),
        expected: EXPECTED,
    }
}

impl Body {
    /// The intervals of this value of the network, from its first layers.
    pub(super) fn new(graph: &Graph, layers: &[Layer], value: usize) -> Result<Self, IntervalNetworkError> {
        let mut g = GraphBuilder::new(&[2, graph.features()]);
        let input = g.input();
        let [centre, radius] = [0, 1].map(|k| g.slice(input, 0, k..k + 1));
        let first = Interval { form: Form::Centred, pair: [centre?, radius?], scale: 1.0 };
        let mut builder = Builder::new(g, first);
        builder.forward(graph, layers)?;
        let size = graph.value_sizes().get(value).copied().unwrap_or(0);
        let output = builder.read(value, &[size])?.to(Form::Centred, &mut builder.g)?;
        let both = builder.g.concat(&output.pair, 0)?;
        Ok(Self { graph: builder.g.finish(both)?, weights: builder.weights, scale: output.scale })
    }
}

impl Builder {
    /// A body whose input has this interval.
    pub(super) fn new(g: GraphBuilder, input: Interval) -> Self {
        let intervals = HashMap::from([(0, input)]);
        Self { g, weights: Weights::default(), intervals, unrectified: HashMap::new() }
    }

    /// Adds the intervals of these layers of a network.
    pub(super) fn forward(&mut self, graph: &Graph, layers: &[Layer]) -> Result<(), IntervalNetworkError> {
        let shapes = graph.value_shapes();
        for (number, layer) in layers.iter().enumerate() {
            let shape = shapes.get(layer.output).map_or(&[][..], Vec::as_slice);
            let mut interval = self.layer(layer, number, shape)?.ok_or_else(|| refused(graph, layer, number))?;
            if layer.rectified {
                self.unrectified.insert(number, interval);
                interval = self.rectified(interval)?;
            }
            self.intervals.insert(layer.output, interval);
        }
        Ok(())
    }

    /// The ends of a value as a vector.
    pub(super) fn ends(&mut self, value: usize, size: usize) -> Result<[Value; 2], AutodiffError> {
        let interval = self.read(value, &[size])?.to(Form::Ends, &mut self.g)?;
        Ok(interval.with_scale(1.0, &mut self.g)?.pair)
    }

    /// The ends of a rectified layer's output before its ReLU, as a vector. `None` if the layer is not rectified.
    pub(super) fn unrectified_ends(&mut self, number: usize, size: usize) -> Result<Option<[Value; 2]>, AutodiffError> {
        let Some(&interval) = self.unrectified.get(&number) else { return Ok(None) };
        let interval = interval.map(|x| self.g.reshape(x, &[size]))?.to(Form::Ends, &mut self.g)?;
        Ok(Some(interval.with_scale(1.0, &mut self.g)?.pair))
    }

    /// The interval of a value in this shape.
    fn read(&mut self, value: usize, shape: &[usize]) -> Result<Interval, AutodiffError> {
        let unknown = || AutodiffError::Graph {
            node: "interval network".into(),
            found: format!("value {value} before its layer"),
            expected: "layers in order".into(),
        };
        let interval = *self.intervals.get(&value).ok_or_else(unknown)?;
        interval.map(|x| self.g.reshape(x, shape))
    }

    /// The interval of a layer's output, or `None` if its operation has no rule.
    fn layer(&mut self, layer: &Layer, number: usize, shape: &[usize]) -> Result<Option<Interval>, AutodiffError> {
        let input = |k: usize| layer.inputs.get(k).copied().unwrap_or(usize::MAX);
        Ok(Some(match &layer.operation {
            LayerOperation::Conv2d { spec, input: shape } => {
                let biases = if spec.bias { spec.features } else { 0 };
                let x = self.read(input(0), shape)?;
                let affine = |g: &mut GraphBuilder, x, name: &str, bias| {
                    g.conv2d(x, name, Conv2dSpec { bias: bias && spec.bias, ..*spec })
                };
                self.affine(x, number, &layer.params, biases, affine)?
            }
            &LayerOperation::Dense { inputs, outputs } => {
                let x = self.read(input(0), &[inputs])?;
                self.dense(x, number, &layer.params, [inputs, outputs])?
            }
            &LayerOperation::TokenwiseDense { places, inputs, outputs } => {
                let x = self.read(input(0), &[places, inputs])?;
                self.dense(x, number, &layer.params, [inputs, outputs])?
            }
            LayerOperation::Embedding => {
                let value = self.g.embedding(&format!("{number}"), shape, Initializer::Zeros)?;
                self.weights.copy(layer.params.clone());
                self.exactly(value)?
            }
            LayerOperation::Constant(numbers) if numbers.iter().all(|x| x.is_finite()) => {
                let value = self.g.constant(shape, numbers)?;
                self.exactly(value)?
            }
            LayerOperation::Relu { features } => {
                let x = self.read(input(0), &[*features])?;
                self.rectified(x)?
            }
            &LayerOperation::Activation { function: function @ Activation::LeakyRelu { slope }, features }
                if (0.0..=1.0).contains(&slope) =>
            {
                let x = self.read(input(0), &[features])?.to(Form::Ends, &mut self.g)?;
                x.map(|x| Ok(self.g.activation(x, function)))?
            }
            LayerOperation::AvgPool2d(pool) => {
                let x = self.read(input(0), &pool.input)?;
                x.map(|x| self.g.avg_pool2d_padded(x, spec(pool)))?
            }
            LayerOperation::MaxPool2d(pool) => {
                let x = self.read(input(0), &pool.input)?.to(Form::Ends, &mut self.g)?;
                x.map(|x| self.g.max_pool2d_padded(x, spec(pool)))?
            }
            LayerOperation::Add { features } => {
                let terms = self.alike(&layer.inputs, |_| vec![*features])?;
                self.combined(&terms, |g, terms| match *terms {
                    [a, b] => g.add(a, b),
                    _ => g.concat(terms, 0),
                })?
            }
            LayerOperation::Concat { outer, runs } => {
                let parts = self.alike(&layer.inputs, |k| vec![*outer, runs.get(k).copied().unwrap_or(0)])?;
                self.combined(&parts, |g, parts| g.concat(parts, 1))?
            }
            LayerOperation::Reduce { shape, axes, mean } => {
                let x = self.read(input(0), shape)?;
                x.map(|x| if *mean { self.g.mean(x, axes) } else { self.g.sum(x, axes) })?
            }
            LayerOperation::Rearrange(order) => {
                let (Rearrangement::Transpose { shape, .. } | Rearrangement::Slice { shape, .. }) = order;
                let x = self.read(input(0), shape)?;
                x.map(|x| match order {
                    Rearrangement::Transpose { axes, .. } => self.g.transpose(x, axes),
                    Rearrangement::Slice { axis, range, .. } => self.g.slice(x, *axis, range.clone()),
                })?
            }
            LayerOperation::ChannelAffine { scale, shift, features } => {
                let channels = scale.len().max(1);
                let x = self.read(input(0), &[features / channels, channels])?.to(Form::Centred, &mut self.g)?;
                let [centre, radius] = x.pair;
                let factors: Vec<f64> = scale.iter().map(|a| x.scale * a).collect();
                let sizes: Vec<f64> = factors.iter().map(|a| a.abs()).collect();
                let centre = self.g.affine(centre, &factors, shift)?;
                let radius = self.g.affine(radius, &sizes, &vec![0.0; sizes.len()])?;
                Interval { form: Form::Centred, pair: [centre, radius], scale: 1.0 }
            }
            _ => return Ok(None),
        }))
    }

    /// The interval of one point.
    fn exactly(&mut self, value: Value) -> Result<Interval, AutodiffError> {
        let shape = self.g.shape(value).to_vec();
        let radius = self.g.constant(&shape, &vec![0.0; shape.iter().product()])?;
        Ok(Interval { form: Form::Centred, pair: [value, radius], scale: 1.0 })
    }

    fn dense(
        &mut self,
        x: Interval,
        number: usize,
        params: &Range<usize>,
        [inputs, outputs]: [usize; 2],
    ) -> Result<Interval, AutodiffError> {
        let biases = params.len().saturating_sub(inputs * outputs);
        self.affine(x, number, params, biases, |g, x, name, bias| {
            let spec = DenseSpec { bias: bias && biases > 0, ..DenseSpec::new(outputs) };
            g.dense_on_last_axis(x, name, &spec)
        })
    }

    /// `W μ + b` and `|W| r`.
    fn affine(
        &mut self,
        x: Interval,
        number: usize,
        params: &Range<usize>,
        biases: usize,
        affine: impl Fn(&mut GraphBuilder, Value, &str, bool) -> Result<Value, AutodiffError>,
    ) -> Result<Interval, AutodiffError> {
        let Interval { pair: [centre, radius], scale, .. } = x.to(Form::Centred, &mut self.g)?;
        let kernel = params.start + biases..params.end;
        let centre = affine(&mut self.g, centre, &format!("{number} centre"), true)?;
        self.weights.copy(params.start..kernel.start);
        self.weights.scaled(kernel.clone(), scale);
        let radius = affine(&mut self.g, radius, &format!("{number} radius"), false)?;
        self.weights.sizes(kernel, scale);
        Ok(Interval { form: Form::Centred, pair: [centre, radius], scale: 1.0 })
    }

    /// `max(·, 0)` of both ends.
    fn rectified(&mut self, x: Interval) -> Result<Interval, AutodiffError> {
        x.to(Form::Ends, &mut self.g)?.map(|x| Ok(self.g.relu(x)))
    }

    /// The intervals of a layer's inputs in one form and with one scale.
    fn alike(&mut self, values: &[usize], shape: impl Fn(usize) -> Vec<usize>) -> Result<Vec<Interval>, AutodiffError> {
        let read = |(k, &value): (usize, &usize)| self.read(value, &shape(k));
        let intervals = values.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
        let ends = intervals.iter().all(|x| x.form == Form::Ends);
        let form = if ends { Form::Ends } else { Form::Centred };
        let intervals = intervals.into_iter().map(|x| x.to(form, &mut self.g)).collect::<Result<Vec<_>, _>>()?;
        let scale = intervals.first().map_or(1.0, |x| x.scale);
        intervals.into_iter().map(|x| x.with_scale(scale, &mut self.g)).collect()
    }

    /// An operation on intervals that are alike, which keeps their form and their scale.
    fn combined(
        &mut self,
        intervals: &[Interval],
        operation: impl Fn(&mut GraphBuilder, &[Value]) -> Result<Value, AutodiffError>,
    ) -> Result<Interval, AutodiffError> {
        let [first, second] = [0, 1].map(|k| intervals.iter().map(|x| x.pair[k]).collect::<Vec<_>>());
        let (form, scale) = intervals.first().map_or((Form::Centred, 1.0), |x| (x.form, x.scale));
        let pair = [operation(&mut self.g, &first)?, operation(&mut self.g, &second)?];
        Ok(Interval { form, pair, scale })
    }
}

pub(super) fn spec(pool: &Pooling) -> PoolSpec {
    PoolSpec { window: pool.size, stride: pool.stride, padding: pool.padding, count_padding: pool.count_padding }
}
