//! A network as others may read it: what an engine on another machine builds its own operations from.

use crate::graph::Graph;
use crate::ops::{Conv2dSpec, Op, Pooling, Write};
use std::ops::Range;

/// An operation in its place. Values have numbers, the input is value 0; a layer's inputs have lower numbers than its output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// What it does.
    pub operation: LayerOperation,
    /// Values it reads: one, or two.
    pub inputs: Vec<usize>,
    /// The value it writes.
    pub output: usize,
    /// Whether `max(·, 0)` of its result is that value.
    pub rectified: bool,
    /// Its parameters' place in the flat vector.
    pub params: Range<usize>,
    /// For each input: whether a reverse pass, from the last layer to the first, adds its cotangent to one that is there.
    pub adds: Vec<bool>,
    /// For each input: whether parameters lie upstream of it, so that a gradient needs its cotangent.
    pub upstream: Vec<bool>,
}

/// What a layer does, with the sizes it was built for. Pictures are `(height, width, channels)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayerOperation {
    /// Two-dimensional convolution; parameters bias `(out)`, kernel `(height, width, in, out)`.
    Conv2d {
        /// Kernel, stride, padding.
        spec: Conv2dSpec,
        /// Its input's shape.
        input: [usize; 3],
    },
    /// Affine map; parameters bias `(out)`, kernel `(in, out)`.
    Dense {
        /// Numbers it reads.
        inputs: usize,
        /// Numbers it writes.
        outputs: usize,
    },
    /// `max(x, 0)`, where others read x too.
    Relu {
        /// Numbers of an image.
        features: usize,
    },
    /// Mean over windows.
    AvgPool2d(Pooling),
    /// Maximum over windows, the first of equals.
    MaxPool2d(Pooling),
    /// Sum of two values.
    Add {
        /// Numbers of an image.
        features: usize,
    },
}

impl Graph {
    /// The layers, in an order in which they can be computed.
    #[must_use]
    pub fn layers(&self) -> Vec<Layer> {
        let layer = |node: &crate::graph::Node| {
            let outputs = self.slots[node.output].len();
            let operation = match &node.op {
                Op::Conv2d(conv) => LayerOperation::Conv2d { spec: conv.spec(), input: conv.input() },
                Op::Dense(dense) => LayerOperation::Dense { inputs: dense.inputs, outputs: dense.outputs },
                Op::Relu(_) => LayerOperation::Relu { features: outputs },
                Op::AvgPool2d(pool) => LayerOperation::AvgPool2d(pool.0.description()),
                Op::MaxPool2d(pool) => LayerOperation::MaxPool2d(pool.0.description()),
                Op::Add(_) => LayerOperation::Add { features: outputs },
            };
            Layer {
                operation,
                inputs: node.inputs.clone(),
                output: node.output,
                rectified: node.rectified,
                params: node.params.clone(),
                adds: node.writes.iter().map(|&write| write == Write::Add).collect(),
                upstream: node.upstream.clone(),
            }
        };
        self.nodes.iter().map(layer).collect()
    }

    /// How many numbers each value has, by its number; values that were fused away keep theirs and are never used.
    #[must_use]
    pub fn value_sizes(&self) -> Vec<usize> {
        self.slots.iter().map(Range::len).collect()
    }

    /// The number of the value that is the logits.
    #[must_use]
    pub fn output_value(&self) -> usize {
        self.output
    }
}
