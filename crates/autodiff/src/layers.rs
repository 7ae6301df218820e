//! A network's layers, from which an engine on another device builds its operations.

use crate::Structure;
use crate::graph::Graph;
use crate::ops::{
    Activation, ChannelAffine, Concat, Conv2dSpec, Dense, Matmul, Normalization, Op, Pooling, Rearrangement, Reduce,
    Write,
};
use std::ops::Range;
use std::sync::Arc;

/// An operation with its inputs, its output and its parameters. Values are numbered, and the input is value 0. A
/// layer's inputs have lower numbers than its output.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// The operation.
    pub operation: LayerOperation,
    /// The values it reads.
    pub inputs: Vec<usize>,
    /// The value it writes.
    pub output: usize,
    /// Whether that value is `max(·, 0)` of the operation's result.
    pub rectified: bool,
    /// The range of its parameters in the flat vector.
    pub params: Range<usize>,
    /// How the operation depends on its inputs and parameters.
    pub structure: Structure,
    /// For each input: whether a reverse pass (from the last layer to the first) adds to its cotangent, instead of
    /// writing it first.
    pub adds: Vec<bool>,
    /// For each input: whether it depends on parameters, so that a gradient needs its cotangent.
    pub upstream: Vec<bool>,
}

/// A layer's operation, with the sizes it was built for. Images and feature maps are `(height, width, channels)`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum LayerOperation {
    /// Two-dimensional convolution; parameters bias `(out)` unless it is absent, kernel `(height, width, in / groups, out)`.
    Conv2d {
        /// Kernel, stride, padding, dilation and groups.
        spec: Conv2dSpec,
        /// Its input's shape.
        input: [usize; 3],
    },
    /// Affine map; parameters bias `(out)`, kernel `(in, out)`.
    Dense {
        /// The number of inputs.
        inputs: usize,
        /// The number of outputs.
        outputs: usize,
    },
    /// Affine map of every row of a matrix `(places, inputs)`; parameters bias `(out)`, kernel `(in, out)`.
    TokenwiseDense {
        /// The number of rows.
        places: usize,
        /// The number of inputs of a row.
        inputs: usize,
        /// The number of outputs of a row.
        outputs: usize,
    },
    /// Parameters as a value.
    Embedding,
    /// `max(x, 0)`, if other layers read x too.
    Relu {
        /// The number of features of an image.
        features: usize,
    },
    /// Mean over windows, with zeros in the border.
    AvgPool2d(Pooling),
    /// Maximum over windows, without entries of the border; the first of equal entries counts.
    MaxPool2d(Pooling),
    /// Sum of two values.
    Add {
        /// The number of features of an image.
        features: usize,
    },
    /// Product of two values, number by number.
    Multiply {
        /// The number of features of an image.
        features: usize,
    },
    /// `scale · a b` for `batch` pairs of matrices `(rows, inner)` and `(inner, columns)`.
    Matmul {
        /// The number of pairs.
        batch: usize,
        /// Rows of the first matrix.
        rows: usize,
        /// Columns of the first matrix.
        inner: usize,
        /// Columns of the second matrix.
        columns: usize,
        /// The factor of the product.
        scale: f64,
    },
    /// Sum or mean over axes.
    Reduce {
        /// The input's shape.
        shape: Vec<usize>,
        /// The axes that are summed over, ascending.
        axes: Vec<usize>,
        /// Whether the sum is divided by the number of its terms.
        mean: bool,
    },
    /// Entries of a value in another order.
    Rearrange(Rearrangement),
    /// Values side by side along an axis.
    Concat {
        /// The product of the axes before the axis.
        outer: usize,
        /// For each input, the product of the axis and of the axes after it.
        runs: Vec<usize>,
    },
    /// A function of every number.
    Activation {
        /// The function.
        function: Activation,
        /// The number of features of an image.
        features: usize,
    },
    /// `exp(x) / Σ exp(x)` over the middle axis.
    Softmax {
        /// The value's shape `(outer, size, inner)`.
        shape: [usize; 3],
    },
    /// Layer, group, instance or root-mean-square normalisation: `scale · (x − mean) / √(variance + epsilon) + shift`. The
    /// mean and the biased variance are over the places and the channels of one group, for each outer index.
    /// Parameters shift `(channels)`, scale `(channels)`.
    Normalization {
        /// The value's shape `(outer, places, groups, size)`; its channels are the last two axes.
        layout: [usize; 4],
        /// Whether the mean is subtracted. Otherwise it is taken as 0, in the variance too.
        centred: bool,
        /// The number that is added to the variance.
        epsilon: f64,
        /// Whether each channel has a shift. It is 0 otherwise.
        shift: bool,
        /// Whether each channel has a scale. It is 1 otherwise.
        scale: bool,
    },
    /// `scale · x + shift` with constants for each channel, the last axis.
    ChannelAffine {
        /// The factor of each channel.
        scale: Arc<[f64]>,
        /// The number that is added to each channel.
        shift: Arc<[f64]>,
        /// The number of features of an image.
        features: usize,
    },
    /// A constant as a value: its numbers.
    Constant(Arc<[f64]>),
}

impl LayerOperation {
    /// The operation's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Conv2d { .. } => "convolution",
            Self::Dense { .. } => "dense layer",
            Self::TokenwiseDense { .. } => "dense layer on tokens",
            Self::Embedding => "embedding",
            Self::Relu { .. } => "ReLU",
            Self::AvgPool2d(_) => "average pooling",
            Self::MaxPool2d(_) => "max pooling",
            Self::Add { .. } => "sum",
            Self::Multiply { .. } => "product",
            Self::Matmul { .. } => "matrix product",
            Self::Reduce { mean: false, .. } => "sum over axes",
            Self::Reduce { mean: true, .. } => "mean over axes",
            Self::Rearrange(Rearrangement::Transpose { .. }) => "transposition",
            Self::Rearrange(Rearrangement::Slice { .. }) => "slice",
            Self::Concat { .. } => "concatenation",
            Self::Activation { function, .. } => function.name(),
            Self::Softmax { .. } => "softmax",
            Self::Normalization { .. } => "normalisation",
            Self::ChannelAffine { .. } => "constant affine map",
            Self::Constant(_) => "constant",
        }
    }
}

impl Graph {
    /// The layers, in an order in which they can be computed.
    #[must_use]
    pub fn layers(&self) -> Vec<Layer> {
        let layer = |node: &crate::graph::Node| {
            let outputs = self.width(node.output);
            let operation = match &node.op {
                Op::Conv2d(conv) => LayerOperation::Conv2d { spec: conv.spec(), input: conv.input() },
                Op::Dense(Dense { places: 1, inputs, outputs, .. }) => {
                    LayerOperation::Dense { inputs: *inputs, outputs: *outputs }
                }
                Op::Dense(Dense { places, inputs, outputs, .. }) => {
                    LayerOperation::TokenwiseDense { places: *places, inputs: *inputs, outputs: *outputs }
                }
                Op::Embedding(_) => LayerOperation::Embedding,
                Op::Relu(_) => LayerOperation::Relu { features: outputs },
                Op::AvgPool2d(pool) => LayerOperation::AvgPool2d(pool.0.description()),
                Op::MaxPool2d(pool) => LayerOperation::MaxPool2d(pool.0.description()),
                Op::Add(_) => LayerOperation::Add { features: outputs },
                Op::Multiply(_) => LayerOperation::Multiply { features: outputs },
                Op::Matmul(Matmul { batch, rows, inner, columns, scale }) => LayerOperation::Matmul {
                    batch: *batch,
                    rows: *rows,
                    inner: *inner,
                    columns: *columns,
                    scale: *scale,
                },
                Op::Reduce(Reduce { shape, axes, mean, .. }) => {
                    LayerOperation::Reduce { shape: shape.clone(), axes: axes.clone(), mean: *mean }
                }
                Op::Rearrange(rearrange) => LayerOperation::Rearrange(rearrange.description.clone()),
                Op::Concat(Concat { outer, runs }) => LayerOperation::Concat { outer: *outer, runs: runs.clone() },
                Op::Pointwise(op) => LayerOperation::Activation { function: op.0, features: outputs },
                Op::Softmax(op) => LayerOperation::Softmax { shape: op.shape },
                &Op::Normalization(Normalization { layout, centred, epsilon, scale, shift }) => {
                    LayerOperation::Normalization { layout, centred, epsilon, scale, shift }
                }
                Op::ChannelAffine(ChannelAffine { scale, shift }) => LayerOperation::ChannelAffine {
                    scale: Arc::clone(scale),
                    shift: Arc::clone(shift),
                    features: outputs,
                },
                Op::Constant(op) => LayerOperation::Constant(Arc::clone(&op.0)),
            };
            Layer {
                operation,
                inputs: node.inputs.clone(),
                output: node.output,
                rectified: node.rectified,
                params: node.params.clone(),
                structure: node.op.structure(),
                adds: node.writes.iter().map(|&write| write == Write::Add).collect(),
                upstream: node.upstream.clone(),
            }
        };
        self.nodes.iter().map(layer).collect()
    }

    /// The size of each value, by its number. Values that were fused away keep their size and are never used.
    #[must_use]
    pub fn value_sizes(&self) -> Vec<usize> {
        self.kept.slots.iter().map(Range::len).collect()
    }

    /// The shape of each value, by its number, as its operation wrote it. A reshape writes no new value.
    #[must_use]
    pub fn value_shapes(&self) -> &[Vec<usize>] {
        &self.shapes
    }

    /// The number of the value that holds the logits.
    #[must_use]
    pub fn output_value(&self) -> usize {
        self.output
    }
}
