//! A network as a verifier reads it: affine operations, functions of one number, products, softmax and maxima, with their
//! weights.

mod convolution;
mod gather;
pub(crate) mod lower;
mod maxima;
mod normalization;
mod product;
mod window;

pub(crate) use convolution::{Axis, BLOCK, Convolution};
pub(crate) use gather::Gather;
pub(crate) use product::Product;
pub(crate) use window::{Window, border};

use crate::curve::Curve;
use crate::region::{Map, features};
use minima_autodiff::{AutodiffError, CotangentOf, Graph};
use ndarray::{Array2, ArrayView2};

/// A network with its weights, ready to be verified.
///
/// Every operation has a sound linear bound. A normalisation becomes several operations.
#[derive(Clone, Debug)]
pub struct Program {
    /// The shape of each value. The input is value 0.
    pub(crate) values: Vec<Map>,
    /// The operations in the order of computation. Node k writes value k + 1.
    pub(crate) nodes: Vec<Node>,
    /// For each value, the number of nodes that read it.
    pub(crate) readers: Vec<usize>,
    /// Whether each value is an affine function of the input whose interval bounds over a box are exact.
    pub(crate) exact_interval: Vec<bool>,
    graph: Graph,
    params: Vec<f32>,
}

/// An operation with the values it reads.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) operation: Operation,
    pub(crate) inputs: Vec<usize>,
    /// The inputs whose ranges are worth a backward pass before this node: the inputs of functions and products that no earlier node
    /// names.
    pub(crate) tight: Vec<usize>,
}

/// An operation.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// A convolution, or a dense layer as a convolution with a 1 × 1 kernel on places in a row.
    Convolution(Convolution),
    /// `scale · x + shift` for each channel.
    Scale { scale: Vec<f32>, shift: Vec<f32> },
    /// The mean over windows, with the weight of an entry in each output place's mean.
    Mean { window: Window, share: Vec<f32> },
    /// The maximum over windows.
    Max { window: Window },
    /// Sum of two values.
    Sum,
    /// Weighted sums of entries of values.
    Gather(Gather),
    /// A constant.
    Constant(Vec<f32>),
    /// x for x > 0, and `slope · x` otherwise, with a slope from 0 to 1.
    Relu { slope: f32 },
    /// Another function of every number.
    Curve(Curve),
    /// Products of two values.
    Product(Product),
    /// `exp(x) / Σ exp(x)` over the middle axis of `(outer, size, inner)`.
    Softmax { shape: [usize; 3] },
}

impl Operation {
    /// Whether it is neither affine nor a ReLU nor a maximum.
    pub(crate) fn is_smooth(&self) -> bool {
        matches!(self, Self::Curve(_) | Self::Product(_) | Self::Softmax { .. })
    }

    /// Whether each entry of its output may depend on any entry of its inputs.
    pub(crate) fn reads_anywhere(&self) -> bool {
        matches!(self, Self::Gather(_) | Self::Product(_) | Self::Softmax { .. })
    }
}

impl Program {
    /// Outputs `(points, outputs)` of points `(points, inputs)`, as the network computes them in `f32`.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if the points have another number of inputs.
    pub fn evaluate(&self, points: ArrayView2<'_, f32>) -> Result<Array2<f32>, AutodiffError> {
        self.graph.logits(&self.params, points)
    }

    /// Outputs of points, and the gradient of each point's weighted sum of outputs with respect to the point. `weights`
    /// writes the weights of a point's outputs.
    pub(crate) fn gradients(
        &self,
        points: ArrayView2<'_, f32>,
        weights: &CotangentOf<'_, f32>,
    ) -> Result<(Array2<f32>, Array2<f32>), AutodiffError> {
        self.graph.logits_and_input_vjp(&self.params, points, weights)
    }

    /// The number of inputs.
    #[must_use]
    pub fn inputs(&self) -> usize {
        features(self.values[0])
    }

    /// The number of outputs.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.values.last().map_or(0, |&map| features(map))
    }

    /// The number of ReLUs, leaky ones included.
    #[must_use]
    pub fn relus(&self) -> usize {
        let relu = |(node, _): &(&Node, usize)| matches!(node.operation, Operation::Relu { .. });
        self.nodes.iter().zip(1..).filter(relu).map(|(_, value)| features(self.values[value])).sum()
    }

    /// Whether it has operations that no assumption on signs makes linear: functions other than ReLU, products and softmax.
    #[must_use]
    pub fn is_smooth(&self) -> bool {
        self.nodes.iter().any(|node| node.operation.is_smooth())
    }

    /// The value of the outputs.
    pub(crate) fn output(&self) -> usize {
        self.values.len() - 1
    }

    /// The number of features of a value.
    pub(crate) fn width(&self, value: usize) -> usize {
        features(self.values[value])
    }
}
