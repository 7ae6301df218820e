//! One type for all operations.

use super::{
    Add, AvgPool2d, ChannelAffine, Concat, Constant, Conv2d, Dense, Embedding, Matmul, MaxPool2d, Multiply,
    Normalization, Operation, Parameters, Parametrised, Pointwise, Rearrange, Reduce, Relu, Softmax,
};
use crate::Scalar;
use crate::scalar::ByPrecision;
use std::marker::PhantomData;

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

/// The operation in an [`Op`], as a trait object.
macro_rules! operation {
    ($op:expr) => {
        match $op {
            Op::Conv2d(op) => op,
            Op::Dense(op) => op,
            Op::Embedding(op) => op,
            Op::Relu(op) => op,
            Op::AvgPool2d(op) => op,
            Op::MaxPool2d(op) => op,
            Op::Add(op) => op,
            Op::Multiply(op) => op,
            Op::Matmul(op) => op,
            Op::Reduce(op) => op,
            Op::Rearrange(op) => op,
            Op::Concat(op) => op,
            Op::Pointwise(op) => op,
            Op::Softmax(op) => op,
            Op::Normalization(op) => op,
            Op::ChannelAffine(op) => op,
            Op::Constant(op) => op,
        }
    };
}

/// The operation in an [`Op`], as a trait object, if it has parameters.
macro_rules! parametrised {
    ($op:expr) => {
        match $op {
            Op::Conv2d(op) => Some(op),
            Op::Dense(op) => Some(op),
            Op::Embedding(op) => Some(op),
            Op::Normalization(op) => op.has_parameters().then_some(op),
            Op::Relu(_)
            | Op::AvgPool2d(_)
            | Op::MaxPool2d(_)
            | Op::Add(_)
            | Op::Multiply(_)
            | Op::Matmul(_)
            | Op::Reduce(_)
            | Op::Rearrange(_)
            | Op::Concat(_)
            | Op::Pointwise(_)
            | Op::Softmax(_)
            | Op::ChannelAffine(_)
            | Op::Constant(_) => None,
        }
    };
}

/// [`Op::of`] in each precision.
struct AsOperation<'a>(PhantomData<&'a ()>);

impl<'a> ByPrecision for AsOperation<'a> {
    type Of<T: Scalar> = &'a dyn Operation<T>;
}

/// [`Op::parametrised`] in each precision.
struct AsParametrised<'a>(PhantomData<&'a ()>);

impl<'a> ByPrecision for AsParametrised<'a> {
    type Of<T: Scalar> = Option<&'a dyn Parametrised<T>>;
}

// These functions have no type parameters and are not inlined, so the kernels of all operations are compiled in this
// crate, once for each precision. Otherwise every crate that names a precision would compile them again.
impl Op {
    #[inline(never)]
    fn operation_f32(&self) -> &dyn Operation<f32> {
        operation!(self)
    }

    #[inline(never)]
    fn operation_f64(&self) -> &dyn Operation<f64> {
        operation!(self)
    }

    #[inline(never)]
    fn parametrised_f32(&self) -> Option<&dyn Parametrised<f32>> {
        parametrised!(self)
    }

    #[inline(never)]
    fn parametrised_f64(&self) -> Option<&dyn Parametrised<f64>> {
        parametrised!(self)
    }
}

impl Op {
    /// The operation in precision `T`.
    pub(crate) fn of<T: Scalar>(&self) -> &dyn Operation<T> {
        T::by_precision::<AsOperation<'_>>(|| self.operation_f32(), || self.operation_f64())
    }

    /// The operation in precision `T`, if it has parameters.
    pub(crate) fn parametrised<T: Scalar>(&self) -> Option<&dyn Parametrised<T>> {
        T::by_precision::<AsParametrised<'_>>(|| self.parametrised_f32(), || self.parametrised_f64())
    }

    /// The number of lanes that its forward pass leaves for its derivatives, beside its output.
    pub(crate) fn memo(&self) -> usize {
        match self {
            Self::Normalization(op) => op.memo(),
            _ => 0,
        }
    }

    /// Whether its derivatives pass the cotangent of a rectified output through the rectifier themselves. They then take the
    /// cotangent of the rectified output.
    pub(crate) fn gates_its_cotangent(&self) -> bool {
        matches!(self, Self::Normalization(_))
    }

    /// The operation's parameters, if it has any.
    pub(crate) fn parameters(&self) -> Option<&dyn Parameters> {
        // They are the same in every precision.
        self.parametrised_f32().map(|op| op as &dyn Parameters)
    }
}
