//! One type for all operations.

use super::{
    Add, AvgPool2d, ChannelAffine, Concat, Constant, Conv2d, Dense, Embedding, Matmul, MaxPool2d, Multiply,
    Normalization, Operation, Parameters, Parametrised, Pointwise, Rearrange, Reduce, Relu, Softmax,
};
use crate::Scalar;

/// An operation of a network, with the shapes it was built for.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// Two-dimensional convolution.
    Conv2d(Conv2d),
    /// Affine map.
    Dense(Dense),
    /// Parameters as a value.
    Embedding(Embedding),
    /// `max(x, 0)`.
    Relu(Relu),
    /// Mean over windows.
    AvgPool2d(AvgPool2d),
    /// Maximum over windows.
    MaxPool2d(MaxPool2d),
    /// Sum of two values.
    Add(Add),
    /// Product of two values, number by number.
    Multiply(Multiply),
    /// Matrix product of two values.
    Matmul(Matmul),
    /// Sum or mean over axes.
    Reduce(Reduce),
    /// Transposition or slice.
    Rearrange(Rearrange),
    /// Values side by side.
    Concat(Concat),
    /// A function of every number.
    Pointwise(Pointwise),
    /// Softmax over one axis.
    Softmax(Softmax),
    /// Layer, group or root-mean-square normalisation.
    Normalization(Normalization),
    /// Constant affine map of the last axis.
    ChannelAffine(ChannelAffine),
    /// A constant as a value.
    Constant(Constant),
}

impl Op {
    /// The operation in precision `T`.
    pub(crate) fn of<T: Scalar>(&self) -> &dyn Operation<T> {
        match self {
            Self::Conv2d(op) => op,
            Self::Dense(op) => op,
            Self::Embedding(op) => op,
            Self::Relu(op) => op,
            Self::AvgPool2d(op) => op,
            Self::MaxPool2d(op) => op,
            Self::Add(op) => op,
            Self::Multiply(op) => op,
            Self::Matmul(op) => op,
            Self::Reduce(op) => op,
            Self::Rearrange(op) => op,
            Self::Concat(op) => op,
            Self::Pointwise(op) => op,
            Self::Softmax(op) => op,
            Self::Normalization(op) => op,
            Self::ChannelAffine(op) => op,
            Self::Constant(op) => op,
        }
    }

    /// The operation in precision `T`, if it has parameters.
    pub(crate) fn parametrised<T: Scalar>(&self) -> Option<&dyn Parametrised<T>> {
        match self {
            Self::Conv2d(op) => Some(op),
            Self::Dense(op) => Some(op),
            Self::Embedding(op) => Some(op),
            Self::Normalization(op) => op.has_parameters().then_some(op),
            Self::Relu(_)
            | Self::AvgPool2d(_)
            | Self::MaxPool2d(_)
            | Self::Add(_)
            | Self::Multiply(_)
            | Self::Matmul(_)
            | Self::Reduce(_)
            | Self::Rearrange(_)
            | Self::Concat(_)
            | Self::Pointwise(_)
            | Self::Softmax(_)
            | Self::ChannelAffine(_)
            | Self::Constant(_) => None,
        }
    }

    /// The operation's parameters, if it has any.
    pub(crate) fn parameters(&self) -> Option<&dyn Parameters> {
        // They are the same in every precision.
        self.parametrised::<f32>().map(|op| op as &dyn Parameters)
    }
}
